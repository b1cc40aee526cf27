import { type Client, type Message, type MessageParser, type MessageResponse, SearchRequest } from "ldapts";
import { ConnectorError } from "../connector.ts";
import { ANSWERS, MessageTooLong, messageCutter, type ReceivedEntry, WireError } from "./messages.ts";

/**
 * Entries and referrals: more than the client library can take in one answer without running out of stack, and far more
 * than any page asks for. Each takes many times the room of its bytes.
 */
const MAX_PARTS_OF_ANSWER = 50_000;
/** Bytes of what is no page: who is bound, or what the server says of itself. */
const MAX_SMALL_ANSWER = 1024 * 1024;

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
type Asked = { message: Message; searchEntries?: ReceivedEntry[]; bytes?: number; parts?: number };

/** Whether this asks for one thing that every server says in a few kilobytes. */
function isSmall(asked: Message): boolean {
  return !(asked instanceof SearchRequest) || asked.baseDN === "";
}

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
  const cutter = messageCutter(most);
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
        asked.parts = (asked.parts ?? 0) + 1;
        if (asked.parts > MAX_PARTS_OF_ANSWER) throw new WireError("more entries than a page may hold");
        asked.bytes = (asked.bytes ?? 0) + message.frame.length;
        const bound = isSmall(asked.message) ? Math.min(most, MAX_SMALL_ANSWER) : most;
        if (asked.bytes > bound) throw tooLong(bound);
        // Entries are read already; the client would take as long for them as everything else takes together. It keeps
        // them with the question and gives them out with its end.
        if (message.entry === null) read(message.frame, open);
        else if (asked.searchEntries) asked.searchEntries.push(message.entry);
        else asked.searchEntries = [message.entry];
      }
    } catch (error) {
      if (error instanceof ConnectorError) return fail(error);
      if (error instanceof MessageTooLong) return fail(tooLong(most));
      const why = error instanceof WireError ? error.message : "bytes that could not be read";
      fail(new ConnectorError("protocol", `the server sent ${why}`, { cause: error }));
    }
  };
  return () => cutter.rest();
}
