import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

/** Above the ports of known services, and below those that Linux, macOS and Windows give to connections that a process opens. */
const [FIRST, END] = [15_000, 32_768];

/**
 * A loopback port at which nobody listens, and which no connection of another test is given before a server listens there.
 * @param wished is taken when it is free, wherever it is.
 */
export async function freePort(wished = randomInt(FIRST, END)): Promise<number> {
  for (let port = wished; ; port = randomInt(FIRST, END)) {
    const server = createServer().listen(port, "127.0.0.1");
    const isFree = await once(server, "listening").then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    server.close();
    await once(server, "close");
    return port;
  }
}
