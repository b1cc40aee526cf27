import { Group, Paper, Progress, Text } from "@mantine/core";
import { useApi } from "../../api/use-api.ts";
import { useWhyNot } from "../../parts/act-button.tsx";
import { useTexts } from "../../texts/texts.ts";

/** How many guest slots there are, and by which formula with the figures of now (R141 to R146). */
export function Quotas() {
  const { t } = useTexts();
  const may = useWhyNot("seats.list") === null;
  const seats = useApi("seats.list", { query: { limit: 200 } }, { enabled: may });
  const products = useApi("products.list", { query: { limit: 200 } });
  const guests = new Set(
    (products.data?.data ?? []).filter(({ hasGuests }) => hasGuests).map(({ site, key }) => `${site}/${key}`),
  );
  const rows = (seats.data?.data ?? []).filter(({ site, product }) => guests.has(`${site}/${product}`));
  if (rows.length === 0) return null;
  return (
    <Group component="section" gap="md" mb="md" aria-label={t("guests.quota")}>
      {rows.map(({ site, product, seats: own, guests: { used, pending, limit, basis, ratio } }) => {
        const taken = used + pending;
        const formula =
          basis === "paid-seats" && own.limit !== null
            ? t("guests.formulaSeats", { ratio, seats: own.limit, limit })
            : basis === "members"
              ? t("guests.formulaMembers", { ratio, members: limit === null ? 0 : Math.round(limit / ratio), limit })
              : basis === "fixed"
                ? t("guests.formulaFixed", { limit })
                : t("guests.formulaNone");
        return (
          <Paper key={`${site}/${product}`} withBorder p="md" miw={240}>
            <Text fw={600}>{product}</Text>
            <Text>{t("guests.taken", { used, pending, limit: limit ?? "∞" })}</Text>
            {limit !== null && (
              <Progress
                value={limit === 0 ? 100 : Math.min(100, (100 * taken) / limit)}
                {...(taken > limit && { color: "red" })}
                my={8}
                aria-label={t("guests.taken", { used, pending, limit })}
              />
            )}
            <Text c="dimmed">{formula}</Text>
          </Paper>
        );
      })}
    </Group>
  );
}
