import IntlMessageFormat from "intl-messageformat";
import { createContext, useContext } from "react";
import type { en } from "./en.ts";

/** One language's catalogue: the same areas and names as the English one, in ICU's message format. */
export type Catalogue = { readonly [Area in keyof typeof en]: { readonly [Name in keyof (typeof en)[Area]]: string } };

/** `area.name` of every text. */
export type TextKey = {
  [Area in keyof typeof en]: `${Area & string}.${keyof (typeof en)[Area] & string}`;
}[keyof typeof en];

type Values = Record<string, string | number | boolean | Date | null | undefined>;

export const LANGUAGES = { en: "English", de: "Deutsch" } as const;
export type Language = keyof typeof LANGUAGES;

export type Texts = {
  language: Language;
  /** A text, its variables filled in. Values are text: nothing in them is markup or a message. */
  t(key: TextKey, values?: Values): string;
  /** The text of a word that the API says, or the word itself where the catalogue has none. */
  word(area: keyof typeof en, word: string): string;
};

export function makeTexts(language: Language, catalogue: Catalogue): Texts {
  const made = new Map<string, IntlMessageFormat>();
  const find = (area: string, name: string): string | undefined =>
    (catalogue as unknown as Record<string, Record<string, string>>)[area]?.[name];
  const t = (key: TextKey, values: Values = {}): string => {
    const format =
      made.get(key) ?? new IntlMessageFormat(find(...split(key)) ?? key, language, undefined, { ignoreTag: true });
    made.set(key, format);
    return String(format.format(values));
  };
  return {
    language,
    t,
    word: (area, word) => (find(area, word) === undefined ? word : t(`${area}.${word}` as TextKey)),
  };
}

function split(key: string): [string, string] {
  const dot = key.indexOf(".");
  return [key.slice(0, dot), key.slice(dot + 1)];
}

const TextsContext = createContext<Texts | undefined>(undefined);
export const TextsProvider = TextsContext.Provider;

/** The texts of the language that the person reads. */
export function useTexts(): Texts {
  const texts = useContext(TextsContext);
  if (texts === undefined) throw new Error("no texts");
  return texts;
}
