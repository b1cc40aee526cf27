import type { Socket } from "node:net";
import PostalMime, { type Email } from "postal-mime";
import { SMTPServer } from "smtp-server";

/** What the sink does to one mail instead of taking it. `drop` ends the connection without an answer. */
type Refusal =
  | { at: "rcpt" | "data"; code: number; text: string }
  /** `stored`: the server has the whole message when the line dies, and the sender cannot know. */
  | { at: "rcpt" | "data" | "stored"; drop: true };

type ReceivedMail = {
  /** As the envelope said, not the headers. */
  from: string;
  to: string[];
  /** Header fields and bodies, parsed by another library than the one that wrote them. */
  parsed: Email;
  raw: string;
};

export type SmtpSink = {
  url: string;
  /** Every mail taken (or `stored`), in order. */
  mails: ReceivedMail[];
  /** How many connections were ever opened. */
  connections: number;
  /** What to do to the next mails, in order; after that they are taken. */
  refusals: Refusal[];
  /** Called when a whole message has arrived, before it is answered. */
  onStored: () => Promise<void> | void;
  stop(): Promise<void>;
};

/** A real SMTP server on a free port of the loopback, which keeps what it gets. */
export async function startSmtpSink(options: { refuseLogins?: boolean } = {}): Promise<SmtpSink> {
  const sockets = new Set<Socket>();
  const server = new SMTPServer({
    authOptional: true,
    allowInsecureAuth: true,
    disabledCommands: options.refuseLogins ? ["STARTTLS"] : ["AUTH", "STARTTLS"],
    onAuth: (_login, _session, done) => done(Object.assign(new Error("5.7.8 bad credentials"), { responseCode: 535 })),
    logger: false,
    onRcptTo: (_address, _session, done) => refuse("rcpt", done),
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        void (async () => {
          const envelope = session.envelope;
          const raw = Buffer.concat(chunks).toString("utf8");
          const mail = {
            from: envelope.mailFrom === false ? "" : envelope.mailFrom.address,
            to: envelope.rcptTo.map((address) => address.address),
            parsed: await PostalMime.parse(raw),
            raw,
          };
          refuse("data", (error) => {
            if (error) return done(error);
            sink.mails.push(mail);
            void (async () => {
              await sink.onStored();
              refuse("stored", (late) => done(late ?? null));
            })();
          });
        })();
      });
    },
  });
  const sink: SmtpSink = {
    url: "",
    mails: [],
    connections: 0,
    refusals: [],
    onStored: () => {},
    stop: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(resolve);
      }),
  };

  function refuse(at: Refusal["at"], done: (error?: Error | null) => void): void {
    const refusal = sink.refusals[0];
    if (refusal?.at !== at) {
      done();
      return;
    }
    sink.refusals.shift();
    if ("drop" in refusal) for (const socket of sockets) socket.destroy();
    else done(Object.assign(new Error(refusal.text), { responseCode: refusal.code }));
  }

  server.on("error", () => {});
  server.server.on("connection", (socket: Socket) => {
    sink.connections += 1;
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.server.address();
  sink.url = `smtp://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`;
  return sink;
}
