import { type Html, page } from "../http/html.ts";
import type { Locale } from "../identity/locales.ts";

/** A whole page in one of the languages. */
export function pageIn(locale: Locale, title: string, body: Html): string {
  return page(title, body, "", locale);
}
