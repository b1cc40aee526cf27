import { Text } from "@mantine/core";
import type { MergedFact } from "../../api/operations.gen.ts";
import { Chip } from "../../parts/chip.tsx";
import { MEANINGS } from "../../parts/meanings.ts";
import { useTexts } from "../../texts/texts.ts";

/** What becomes of each thing that an account has which goes into another. */
export function MergedFacts({ facts }: { facts: readonly MergedFact[] }) {
  const { t, word } = useTexts();
  if (facts.length === 0) return null;
  return (
    <table className="table">
      <caption className="visually-hidden">{t("user.whatBecomes")}</caption>
      <thead>
        <tr>
          <th scope="col">{t("user.thing")}</th>
          <th scope="col">{t("users.outcome")}</th>
        </tr>
      </thead>
      <tbody>
        {facts.map((fact) => (
          <tr key={`${fact.kind} ${fact.name}`}>
            <td>
              {word("user", `fact-${fact.kind}`)}: {fact.name}
            </td>
            <td>
              <Chip meaning={MEANINGS.merged[fact.outcome]} label={word("user", `outcome-${fact.outcome}`)} />
              {fact.why && <Text c="dimmed">{fact.why}</Text>}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
