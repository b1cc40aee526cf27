import net, { type Socket } from "node:net";

/** A plain connection to the PostgreSQL that this URL names, by socket file or port: for whoever stands on the way to it. */
export function connectTo(url: string): Socket {
  const target = new URL(url);
  const directory = target.searchParams.get("host");
  const port = Number(target.port || 5432);
  return directory ? net.connect(`${directory}/.s.PGSQL.${port}`) : net.connect(port, target.hostname);
}

/** The same URL by way of a port of this machine. */
export function throughPort(url: string, port: number): string {
  const through = new URL(url);
  through.searchParams.delete("host");
  through.hostname = "127.0.0.1";
  through.port = String(port);
  return through.toString();
}
