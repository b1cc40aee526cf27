import type { Request, Response } from "express";
import type { z } from "zod";
import type { Context } from "../context.ts";
import type { Db } from "../db/connection.ts";
import type { OrganizationLock, Tx } from "../db/transaction.ts";
import type { Refusal } from "../identity/external-user-management.ts";
import type { Permission, Target } from "../identity/rights/permissions.ts";
import type { Caller } from "./caller.ts";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** What came in, checked: each part is what the route's schema for it says. */
export type Input<P, Q, B> = { params: P; query: Q; body: B };

/** A request as an operation sees it. */
export type Call<P, Q, B> = Input<P, Q, B> & { ctx: Context; caller: Caller };

/**
 * What a route needs of its caller.
 * `anyone`: nothing, and only with `open`. `known`: anybody whose token or session is live. A permission: for the whole organization; with `on`, for what the
 * request is about, which `on` finds (undefined: nothing that there is, so only a permission for the whole organization
 * will do, and the operation then says that it is unknown); with `anywhere`, for anything at all, and the operation
 * narrows what it shows or changes to the caller's reach.
 */
type Guard<P, Q, B> =
  | "anyone"
  | "known"
  | {
      permission: Permission;
      on?: (db: Db, input: Input<P, Q, B>, caller: Caller) => Promise<Target | undefined>;
      anywhere?: true;
    };

type Description<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, A extends z.ZodType> = {
  /** NOUN.verb: the operation's name in the OpenAPI document and in the table of rights. */
  id: string;
  /** Below `/api/v1`, parameters as `{id}`. */
  path: string;
  /** One line, as a person would say what it does. */
  summary: string;
  guard: Guard<z.output<P>, z.output<Q>, z.output<B>>;
  /** Why it is refused at present whoever asks: a setting stands in the way. Told by `/me/capabilities`; the rule refuses by itself. */
  refusal?: (db: Db) => Promise<Refusal | null>;
  /** A session does it only shortly after its holder proved who they are (`signIn.fresh`). */
  dangerous?: true;
  /** A strict object of the path's parameters. */
  params?: P;
  /** A strict object of the query string's parameters, without `dryRun`. */
  query?: Q;
  /** Of the JSON body; without one the route takes none. */
  body?: B;
  /** The body may be a file of text/csv instead: its field `csv`. */
  csv?: true;
  /** Of the answer's JSON body; without one the answer is 204. */
  answer?: A;
  /** Default 200, and 204 without an answer. */
  status?: 200 | 201 | 202 | 302;
  /** Path below `/api/v1` of what was made. */
  location?: (answer: z.input<A>, input: Input<z.output<P>, z.output<Q>, z.output<B>>) => string;
};

/** Shows something and changes nothing. Its answer carries an ETag. */
type Reading<P, Q, B, A> = {
  method: "GET";
  read(db: Db, call: Call<P, Q, B>): Promise<A>;
  /** The field that says when the answer was made: the ETag is worked out without it, and is weak (RFC 9110 §8.8.1). */
  madeAt?: keyof A & string;
};

/** Sends a file, piece by piece. */
type Sending<P, Q, B> = {
  method: "GET";
  send(db: Db, call: Call<P, Q, B>): Promise<File>;
  produces: readonly string[];
};

/** A file on its way out: `type` is one of those that the route produces. */
export type File = { type: string; name: string; bytes: number; pieces: AsyncIterable<Buffer> };

/**
 * Changes something in one transaction, which the door opens: so every such route takes `dryRun=true`,
 * `Idempotency-Key` and, with `current`, `If-Match`.
 */
type Writing<P, Q, B, A> = {
  method: Exclude<Method, "GET">;
  write(tx: Tx, call: Call<P, Q, B>): Promise<A>;
  /** Default `shared`: src/db/transaction.ts says which changes need `exclusive`. */
  lock?: OrganizationLock;
  /** The id of the GET route of the same parameters whose ETag `If-Match` names. */
  current?: string;
};

/** Does what is no single transaction (a question that is noted, work elsewhere). It sees to `dryRun` itself. */
type Acting<P, Q, B, A> = {
  method: Exclude<Method, "GET">;
  act(call: Call<P, Q, B> & { dryRun: boolean }): Promise<A>;
};

/** Open to who is not known yet (signing in): its guard is `anyone`, its headers and cookies are its own affair. */
type Opening<P, Q, B, A> = {
  method: Method;
  open(call: Input<P, Q, B> & { ctx: Context; request: Request; response: Response }): Promise<A>;
};

export type Operation<P, Q, B, A> =
  | Reading<P, Q, B, A>
  | Sending<P, Q, B>
  | Writing<P, Q, B, A>
  | Acting<P, Q, B, A>
  | Opening<P, Q, B, A>;

// biome-ignore lint/suspicious/noExplicitAny: a table of routes holds routes of every type; each was checked where it was defined.
export type Route = Description<any, any, any, any> & Operation<any, any, any, any>;

/** A route whose operation is checked against the schemas beside it. */
export function route<
  P extends z.ZodType = z.ZodObject<Record<never, never>>,
  Q extends z.ZodType = z.ZodObject<Record<never, never>>,
  B extends z.ZodType = z.ZodUndefined,
  A extends z.ZodType = z.ZodVoid,
>(definition: Description<P, Q, B, A> & Operation<z.output<P>, z.output<Q>, z.output<B>, z.input<A>>): Route {
  return definition;
}

/** The status of its success. */
export function statusOf(route: Route): number {
  return route.status ?? (route.answer ? 200 : 204);
}
