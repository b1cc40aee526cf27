import { dialectOf, type Reading } from "../../src/scim/dialect.ts";
import { ExchangeLog } from "../../src/scim/exchange-log.ts";

/** Reads as a directory of the profile generic does. */
export const generic: Reading = { dialect: dialectOf("generic"), log: new ExchangeLog() };
