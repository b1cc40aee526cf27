import { createContext, type ReactNode, useContext, useEffect, useState } from "react";
import { type Catalogue, LANGUAGES, type Language, makeTexts, type Texts, TextsProvider } from "../texts/texts.ts";

const KEPT = "muster.language";

const CATALOGUES: Record<Language, () => Promise<Catalogue>> = {
  en: async () => (await import("../texts/en.ts")).en,
  de: async () => (await import("../texts/de.ts")).de,
};

const Chosen = createContext<{ language: Language; choose(language: Language): void } | undefined>(undefined);

/** The language of the console: what the person chose here, else the browser's, else English. */
export function Languages({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState<Language>(firstLanguage);
  const [texts, setTexts] = useState<Texts>();
  useEffect(() => {
    let wanted = true;
    void CATALOGUES[language]().then((catalogue) => {
      if (wanted) setTexts(makeTexts(language, catalogue));
    });
    document.documentElement.lang = language;
    return () => {
      wanted = false;
    };
  }, [language]);
  const choose = (next: Language): void => {
    localStorage.setItem(KEPT, next);
    setLanguage(next);
  };
  if (texts === undefined) return null;
  return (
    <Chosen value={{ language, choose }}>
      <TextsProvider value={texts}>{children}</TextsProvider>
    </Chosen>
  );
}

export function useLanguage() {
  const chosen = useContext(Chosen);
  if (chosen === undefined) throw new Error("no language");
  return chosen;
}

function firstLanguage(): Language {
  const kept = localStorage.getItem(KEPT) ?? navigator.language.slice(0, 2);
  return kept in LANGUAGES ? (kept as Language) : "en";
}
