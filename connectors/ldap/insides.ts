import type { Client, Message, MessageParser, MessageResponse } from "ldapts";
import { ConnectorError } from "../connector.ts";
import { ANSWERS, messageCutter, Operation, type ReceivedEntry, WireError } from "./messages.ts";

/** More than the client library can take in one answer without running out of stack, and far more than any page asks for. */
const MAX_ENTRIES_IN_ANSWER = 50_000;

/** What the client keeps to itself and a safe read needs. The version is pinned; a client without these is refused. */
type ClientInsides = {
  _connect(): Promise<void> | void;
  _send(message: Message): Promise<MessageResponse | undefined>;
  _nextMessageId(): number;
  messageParser: MessageParser;
  messageDetailsByMessageId: ReadonlyMap<string, { message: Message }>;
};

/** @throws ConnectorError `configuration` when the client is another than it was. */
export function insidesOf(client: Client): ClientInsides {
  const insides = client as unknown as Partial<ClientInsides>;
  const { _connect, _send, _nextMessageId, messageParser, messageDetailsByMessageId } = insides;
  if (_connect && _send && _nextMessageId && messageParser && messageDetailsByMessageId)
    return insides as ClientInsides;
  throw new ConnectorError("configuration", "this version of ldapts is not the one that Muster was made with");
}

/** A question that is open, with what came of its answer. */
type Asked = { message: Message; searchEntries?: ReceivedEntry[]; bytes?: number };

function tooLong(most: number): ConnectorError {
  return new ConnectorError("limit", `the server sent an answer of more than ${most} bytes`, {
    hint: "lower pageSize",
  });
}

/**
 * Puts `messages.ts` between the socket and the client, and makes each answer belong to a question that is open.
 * @param most bytes of one answer, which is held until it is whole.
 * @returns how many bytes wait for the rest of their message.
 */
export function guardMessages(
  insides: ClientInsides,
  most: number,
  fail: (error: ConnectorError) => void,
): () => number {
  const parser = insides.messageParser;
  const read = parser.read.bind(parser);
  const cutter = messageCutter();
  let entries = 0;
  parser.on("error", (error) =>
    fail(new ConnectorError("protocol", "the server's answer could not be understood", { cause: error })),
  );
  parser.read = (data, open) => {
    try {
      for (const message of cutter.feed(data)) {
        const asked = open.get(String(message.id)) as Asked | undefined;
        if (asked === undefined && message.id === 0) throw new WireError("notice that it ends the session");
        if (!asked || !ANSWERS[asked.message.protocolOperation]?.includes(message.operation)) {
          throw new WireError("an answer to no question");
        }
        entries = message.operation === Operation.searchEntry ? entries + 1 : 0;
        if (entries > MAX_ENTRIES_IN_ANSWER) throw new WireError("more entries than a page may hold");
        asked.bytes = (asked.bytes ?? 0) + message.frame.length;
        if (asked.bytes > most) throw tooLong(most);
        // Entries are read already; the client would take as long for them as everything else takes together. It keeps
        // them with the question and gives them out with its end.
        if (message.entry === null) read(message.frame, open);
        else if (asked.searchEntries) asked.searchEntries.push(message.entry);
        else asked.searchEntries = [message.entry];
      }
    } catch (error) {
      if (error instanceof ConnectorError) return fail(error);
      const why = error instanceof WireError ? error.message : "bytes that could not be read";
      fail(new ConnectorError("protocol", `the server sent ${why}`, { cause: error }));
    }
  };
  return () => cutter.rest();
}
