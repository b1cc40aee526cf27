import type { Context } from "../../context.ts";
import { isMusterError, MusterError } from "../../errors.ts";
import { errorDocument } from "../errors.ts";
import type { Perform, ScimAnswer, ScimRequest } from "../exchange.ts";
import { type Document, shorten } from "../schema/document.ts";
import { type BulkOperation, readBulkRequest } from "./read.ts";
import { referenceInPath, referencesIn, withIds } from "./references.ts";

/** Finds the operation behind a method and a path below the base URL, scope checked. */
export type FindOperation = (request: ScimRequest, method: string, path: string) => { perform: Perform; id: string };

/** What became of an operation; `id` is that of the resource which it created. */
type Done = { answer?: ScimAnswer; error?: MusterError; location?: string; id?: string };

/** A resource that was created without what another operation had still to create: its whole data comes afterwards. */
type Unfinished = { index: number; id: string; waitsFor: Set<string> };

/** Milliseconds for which new operations are begun; what is left is told to come again. */
const TIME = 45_000;

/**
 * RFC 7644 §3.7: many operations in one request, each in a transaction of its own and answered as if it had come alone. They
 * run in their order, but what an operation refers to by bulkId is created before it. Where two refer to each other, the
 * first is created without the reference and completed as soon as the other one stands (§3.7.1).
 */
export function bulk(find: FindOperation): Perform {
  return async (ctx, request) => {
    const { operations, failOnErrors } = readBulkRequest(request);
    const run = new BulkRun(ctx, request, find, operations, failOnErrors);
    for (let index = 0; index < operations.length && !run.failed; index++) await run.perform(index);
    return { status: 200, body: run.document() };
  };
}

class BulkRun {
  readonly #ctx: Context;
  readonly #request: ScimRequest;
  readonly #find: FindOperation;
  readonly #operations: readonly BulkOperation[];
  readonly #failOnErrors: number;
  readonly #creators: ReadonlyMap<string, number>;
  readonly #done = new Map<number, Done>();
  readonly #begun = new Set<number>();
  #unfinished: Unfinished[] = [];
  #errors = 0;
  readonly #deadline = performance.now() + TIME;

  constructor(
    ctx: Context,
    request: ScimRequest,
    find: FindOperation,
    operations: readonly BulkOperation[],
    failOnErrors: number,
  ) {
    this.#ctx = ctx;
    this.#request = request;
    this.#find = find;
    this.#operations = operations;
    this.#failOnErrors = failOnErrors;
    this.#creators = new Map(
      operations.flatMap(({ method, bulkId }, index) =>
        method === "POST" && bulkId !== undefined ? [[bulkId, index] as const] : [],
      ),
    );
  }

  /** Whether as many operations failed as the client accepts. */
  get failed(): boolean {
    return this.#errors >= this.#failOnErrors;
  }

  /** Performs one operation after those that it refers to. One that is begun or done already is left alone. */
  async perform(index: number): Promise<void> {
    if (this.#begun.has(index)) return;
    this.#begun.add(index);
    const operation = this.#operations[index] as BulkOperation;
    const references = referencesIn(operation.data);
    const target = referenceInPath(operation.path);
    for (const bulkId of target === undefined ? references : [...references, target]) {
      const creator = this.#creators.get(bulkId);
      if (creator !== undefined && !this.failed) await this.perform(creator);
    }
    if (this.failed) return;
    const done = await this.#attempt(operation, references, target);
    this.#finish(index, done);
    const missing = [...references].filter((bulkId) => this.#idOf(bulkId) === undefined);
    if (done.id !== undefined && missing.length > 0)
      this.#unfinished.push({ index, id: done.id, waitsFor: new Set(missing) });
    await this.#complete();
  }

  async #attempt(operation: BulkOperation, references: ReadonlySet<string>, target: string | undefined): Promise<Done> {
    const own = target === undefined ? undefined : this.#idOf(target);
    const path = own === undefined ? operation.path : operation.path.replace(`bulkId:${target}`, own);
    const location = RESOURCE.test(path) ? this.#request.caller.baseUrl + path : undefined;
    try {
      if (operation.fault !== undefined) throw operation.fault;
      if (performance.now() > this.#deadline)
        throw new MusterError("unavailable", "the Bulk request took too long; send the rest again", { retryAfter: 1 });
      this.#requireCreated(operation, references, target);
      const answer = await this.#send(operation.method, path, operation, (bulkId) => this.#idOf(bulkId));
      const id = operation.method === "POST" ? lastSegment(answer.location) : undefined;
      return {
        answer,
        ...(id !== undefined && { id }),
        ...((location ?? answer.location) && { location: location ?? answer.location }),
      };
    } catch (error) {
      return { error: this.#known(error), ...(location !== undefined && { location }) };
    }
  }

  #send(
    method: string,
    path: string,
    operation: BulkOperation,
    idOf: (bulkId: string) => string | undefined,
    ifMatch = operation.version,
  ): Promise<ScimAnswer> | ScimAnswer {
    const { perform, id } = this.#find(this.#request, method, path);
    const asked = { ...this.#request, parameters: NONE, ifMatch, ifNoneMatch: undefined };
    return perform(this.#ctx, { ...asked, body: withIds(operation.data, idOf) }, id);
  }

  /** A bulkId that nobody defines, or whose operation failed, can never become an id. */
  #requireCreated(operation: BulkOperation, references: ReadonlySet<string>, target: string | undefined): void {
    for (const bulkId of target === undefined ? references : [...references, target]) {
      const creator = this.#creators.get(bulkId);
      if (creator === undefined)
        throw new MusterError("invalid-value", `no operation of this request has the bulkId ${shorten(bulkId)}`, {
          at: "bulkId",
        });
      const isUnmade = this.#idOf(bulkId) === undefined;
      if (isUnmade && (this.#done.has(creator) || operation.method !== "POST"))
        throw new MusterError("conflict", `the operation with the bulkId ${shorten(bulkId)} did not create anything`, {
          at: "bulkId",
        });
    }
  }

  /** Gives resources that were created too early the rest of their data, once everything that it names has an id. */
  async #complete(): Promise<void> {
    const ready = this.#unfinished.filter(({ waitsFor }) => [...waitsFor].every((bulkId) => this.#isSettled(bulkId)));
    this.#unfinished = this.#unfinished.filter((each) => !ready.includes(each));
    for (const { index, id } of ready) {
      const operation = this.#operations[index] as BulkOperation;
      try {
        this.#requireCreated(operation, referencesIn(operation.data), undefined);
        const path = `${operation.path.replace(/\/+$/, "")}/${id}`;
        const answer = await this.#send("PUT", path, operation, (bulkId) => this.#idOf(bulkId), undefined);
        const before = this.#done.get(index) as Done;
        this.#done.set(index, { ...before, answer: { ...answer, status: 201 } });
      } catch (error) {
        this.#finish(index, { error: this.#known(error) });
      }
    }
  }

  #isSettled(bulkId: string): boolean {
    const creator = this.#creators.get(bulkId);
    return creator === undefined || this.#done.has(creator);
  }

  #idOf(bulkId: string): string | undefined {
    const creator = this.#creators.get(bulkId);
    return creator === undefined ? undefined : this.#done.get(creator)?.id;
  }

  #finish(index: number, done: Done): void {
    if (done.error !== undefined) this.#errors++;
    this.#done.set(index, done);
  }

  #known(error: unknown): MusterError {
    if (isMusterError(error)) return error;
    this.#ctx.logger.error("an operation of a Bulk request failed", {
      requestId: this.#request.caller.actor.requestId,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
    return new MusterError("internal", "an unexpected error", { cause: error });
  }

  /** The results of all operations that were processed, in the order of the request (RFC 7644 §3.7.3). */
  document(): Document {
    const results = [...this.#done].sort(([a], [b]) => a - b);
    return {
      schemas: ["urn:ietf:params:scim:api:messages:2.0:BulkResponse"],
      Operations: results.map(([index, done]) => this.#result(this.#operations[index] as BulkOperation, done)),
    };
  }

  #result({ method, bulkId }: BulkOperation, { answer, error, location }: Done): Document {
    const response = error === undefined ? undefined : errorDocument(error);
    return {
      method,
      ...(bulkId !== undefined && { bulkId }),
      ...(answer?.etag !== undefined && { version: answer.etag }),
      ...(location !== undefined && { location }),
      status: response?.status ?? String(answer?.status),
      ...(response !== undefined && { response }),
    };
  }
}

/** A path that could be a resource's: no other is repeated as if it were a place on this server. */
const RESOURCE = /^\/(?:users|groups)\/[0-9a-f-]{36}$/i;

const NONE: ReadonlyMap<string, string> = new Map();

function lastSegment(location: string | undefined): string | undefined {
  return location?.slice(location.lastIndexOf("/") + 1);
}
