import { Table, Text } from "@mantine/core";
import type { Trial } from "../../api/call.ts";
import type { SeatUse } from "../../api/operations.gen.ts";
import { useTexts } from "../../texts/texts.ts";

type Places = Pick<SeatUse, "seats" | "guests">;

/** Seats and guest slots of each product before and after (U11, R144). */
export function SeatTable({ trial }: { trial: Pick<Trial<"invitations.create">, "impact" | "result"> }) {
  const { t, word } = useTexts();
  const { effects } = trial.result;
  if (effects.length === 0) return <Text c="dimmed">{t("invite.noProduct")}</Text>;
  return (
    <Table.ScrollContainer minWidth={320}>
      <Table>
        <Table.Caption className="visually-hidden">{t("invite.places")}</Table.Caption>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{t("invite.product")}</Table.Th>
            <Table.Th scope="col">{t("invite.role")}</Table.Th>
            <Table.Th scope="col">{t("invite.seats")}</Table.Th>
            <Table.Th scope="col">{t("invite.slots")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {effects.map((effect) => {
            const moved = trial.impact.seats.find(
              ({ site, product }) => site === effect.site && product === effect.product,
            );
            const before = moved?.before ?? effect;
            const after = moved?.after ?? effect;
            return (
              <Table.Tr key={`${effect.site}/${effect.product}`}>
                <Table.Td>{effect.product}</Table.Td>
                <Table.Td>{word("status", effect.role)}</Table.Td>
                <Table.Td>
                  <Moved before={before} after={after} of="seats" />
                </Table.Td>
                <Table.Td>
                  <Moved before={before} after={after} of="guests" />
                </Table.Td>
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

/** "4 → 5 of 15": what is taken or held back. */
export function Moved({ before, after, of }: { before: Places; after: Places; of: "seats" | "guests" }) {
  const { t } = useTexts();
  const [from, to] = [before[of].used + before[of].pending, after[of].used + after[of].pending];
  const { limit } = after[of];
  const over = limit !== null && to > limit;
  return (
    <Text fw={from === to ? 400 : 600} {...(over && { c: "red" })}>
      {t("invite.moved", { from, to, limit: limit ?? "∞" })}
      {over && ` · ${t("invite.over")}`}
    </Text>
  );
}
