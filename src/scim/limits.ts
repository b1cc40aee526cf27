/** Operations in one Bulk request (RFC 7644 §3.7.4); its size is bounded as every body is. */
export const BULK_MAX_OPERATIONS = 1_000;

/** Resources on a page when nobody says how many, and at most (RFC 7644 §3.4.2.4). */
export const DEFAULT_COUNT = 100;
export const MAX_COUNT = 1_000;

/** Seconds for which a cursor can be used after it was given (RFC 9865 §2). */
export const CURSOR_TIMEOUT = 3_600;
