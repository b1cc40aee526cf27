import { smtpTransport } from "../mail/transport.ts";

/** Milliseconds for each step of a look at the mail server. */
const PATIENCE = 10_000;

/** Connects to the mail server, signs in and goes again; nothing is sent. Null when it lets us in, else why not. */
export async function reachMailServer(url: string): Promise<string | null> {
  const transport = smtpTransport(url, { untilItListens: PATIENCE, pause: PATIENCE });
  try {
    await transport.verify();
    return null;
  } catch (error) {
    return (error as Error).message;
  } finally {
    transport.close();
  }
}
