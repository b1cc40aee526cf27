import {
  ExtendedRequest,
  ExtendedResponse,
  type Filter,
  PagedResultsControl,
  SearchRequest,
  type SearchRequestMessageOptions,
  SearchResponse,
} from "ldapts";
import { ConnectorError } from "../connector.ts";
import { type Channel, openChannel, type Progress, type Reader, type Target } from "./channel.ts";
import { type LdapEntry, ldapEntry } from "./entry.ts";
import { parsed, parseFilter } from "./filter.ts";
import { limitsHint } from "./hints.ts";
import { Result, resultError } from "./result.ts";
import { detectVendor, ROOT_ATTRIBUTES } from "./vendors.ts";

export type PagedSearch = {
  base: string;
  filter: string;
  attributes: readonly string[];
  pageSize: number;
  /** What must be true of an entry besides; finding nothing is then no surprise. */
  narrowedBy?: Filter;
};
export type SearchPage = { entries: readonly LdapEntry[]; referrals: readonly string[] };
type SearchOptions = Omit<SearchRequestMessageOptions, "messageId" | "sizeLimit" | "timeLimit">;

/** One bound conversation with a directory server, from connect to unbind. It is never renewed and never used again. */
export type LdapSession = {
  /** `host:port` of the server. */
  place: string;
  port: number;
  /** The server's own entry: what it is and what it can do. */
  root: LdapEntry;
  /** As the server names who is bound (RFC 4532); what was bound with, when it does not tell. */
  boundAs: string;
  /**
   * All entries below `base` that match, page by page, ended by the server's empty cookie and by nothing else (RFC 2696 §3).
   * @throws ConnectorError when any page fails, also after pages were given out.
   */
  pages(search: PagedSearch): AsyncGenerator<SearchPage, void, void>;
  /** One entry by name, or null when there is none that the reader may see and that matches `filter`. */
  entry(dn: string, attributes: readonly string[], filter?: string): Promise<LdapEntry | null>;
  /** One search as it is, without limits of our own; the answer's status is the caller's to look at. */
  search(options: SearchOptions, doing: string): Promise<SearchResponse>;
  /** @throws ConnectorError when the server now names somebody else than `boundAs`. */
  confirm(): Promise<void>;
  close(): Promise<void>;
};

const WHO_AM_I = "1.3.6.1.4.1.4203.1.11.3";
/** A server that never stops would otherwise be read for ever; the limit fails the read, it does not shorten it. */
const MAX_PAGES = 10_000;
const MAX_EMPTY_PAGES = 1_000;
/** One entry that is not there, is elsewhere, or is hidden by a server that says so (OpenLDAP's right `disclose`). */
const UNSEEN: readonly number[] = [Result.noSuchObject, Result.referral, Result.insufficientAccessRights];

/**
 * Connects, encrypts, binds and asks who is bound, in this order.
 * @throws ConnectorError `unreachable`, `tls`, `credentials`, `protocol` or `cancelled`.
 */
export async function openSession(
  target: Target,
  reader: Reader,
  signal: AbortSignal,
  progress?: Progress,
): Promise<LdapSession> {
  return begin(await openChannel(target, signal, progress), target.port, reader);
}

async function begin(channel: Channel, port: number, reader: Reader): Promise<LdapSession> {
  let limits: string | undefined;
  const search = async (options: SearchOptions, doing: string): Promise<SearchResponse> => {
    // No limits of our own: a limit that is met looks like the end.
    const request = { ...options, sizeLimit: 0, timeLimit: 0 };
    const answer = await channel.send((messageId) => new SearchRequest({ messageId, ...request }), doing);
    if (answer instanceof SearchResponse) return answer;
    throw new ConnectorError("protocol", `what came is no answer to a search (${doing})`);
  };

  const entry: LdapSession["entry"] = async (dn, attributes, filter = "(objectClass=*)") => {
    const doing = dn === "" ? "reading the server's root entry" : `reading ${dn}`;
    const answer = await search(
      { baseDN: dn, scope: "base", filter: parseFilter(filter), attributes: [...attributes] },
      doing,
    );
    if (UNSEEN.includes(answer.status)) return null;
    if (answer.status !== Result.success) throw resultError(answer.status, doing, answer.errorMessage);
    const [found] = answer.searchEntries;
    return found === undefined ? null : ldapEntry(found);
  };

  const whoAmI = async (): Promise<string> => {
    const answer = await channel.send(
      (messageId) => new ExtendedRequest({ messageId, oid: WHO_AM_I }),
      "asking who is bound",
    );
    if (!(answer instanceof ExtendedResponse) || answer.status !== Result.success) {
      throw new ConnectorError("incomplete", "the server does not say who is bound any more");
    }
    const identity = (answer.value ?? "").replace(/^dn:/i, "").trim();
    if (identity === "") throw new ConnectorError("credentials", "the server takes the reader for anonymous");
    return identity;
  };

  async function* pages(wanted: PagedSearch): AsyncGenerator<SearchPage, void, void> {
    const filter = parsed(wanted);
    const options = { baseDN: wanted.base, scope: "sub" as const, filter, attributes: [...wanted.attributes] };
    const naming = (page: number) => `reading page ${page} below ${wanted.base}`;
    const ask = (page: number, cookie: Buffer): Promise<SearchResponse> => {
      const control = new PagedResultsControl({ critical: true, value: { size: wanted.pageSize, cookie } });
      const answer = search({ ...options, controls: [control] }, naming(page));
      // Whoever takes no further page never looks at it.
      answer.catch(() => {});
      return answer;
    };
    let emptyPages = 0;
    let asked = ask(1, Buffer.alloc(0));
    for (let page = 1; ; page++) {
      const doing = naming(page);
      const answer = await asked;
      // It may have come long ago.
      channel.check();
      if (answer.status !== Result.success) throw resultError(answer.status, doing, answer.errorMessage, limits);
      const next = answer.controls?.find((candidate) => candidate instanceof PagedResultsControl)?.value?.cookie;
      const isLast = next?.length === 0;
      // Pages without entries are no end, and neither need the cookie change: some servers send the same one each time.
      emptyPages = answer.searchEntries.length === 0 ? emptyPages + 1 : 0;
      // The next page is on its way while this one is worked on.
      if (next !== undefined && !isLast && emptyPages <= MAX_EMPTY_PAGES && page < MAX_PAGES)
        asked = ask(page + 1, Buffer.from(next));
      yield {
        entries: answer.searchEntries.map(ldapEntry),
        referrals: answer.searchReferences.flatMap((reference) => reference.uris),
      };
      if (next === undefined)
        throw new ConnectorError("incomplete", `the server does not say whether there are more pages (${doing})`);
      if (isLast) return;
      if (emptyPages > MAX_EMPTY_PAGES)
        throw new ConnectorError("incomplete", `${MAX_EMPTY_PAGES} pages brought nothing (${doing})`);
      if (page === MAX_PAGES)
        throw new ConnectorError(
          "limit",
          `more than ${MAX_PAGES} pages (${doing}); raise pageSize or narrow the filter`,
        );
    }
  }

  try {
    await channel.bind(reader);
    const root = await entry("", ROOT_ATTRIBUTES);
    if (root === null) throw new ConnectorError("protocol", "the server does not show its root entry");
    const tells = root.texts("supportedExtension").includes(WHO_AM_I);
    const boundAs = tells ? await whoAmI() : reader.by === "password" ? reader.name : "the client certificate";
    limits = limitsHint(detectVendor(root), boundAs);
    return {
      place: channel.place,
      port,
      root,
      boundAs,
      pages,
      entry,
      search,
      async confirm() {
        if (tells) {
          const now = await whoAmI();
          if (now !== boundAs)
            throw new ConnectorError("incomplete", `bound as ${boundAs} at first and as ${now} at the end`);
        } else {
          // The answer alone shows that this connection, bound at its beginning, still stands.
          await entry("", ["objectClass"]);
        }
      },
      close: channel.close,
    };
  } catch (error) {
    await channel.close();
    throw error;
  }
}
