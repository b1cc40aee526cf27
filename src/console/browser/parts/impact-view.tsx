import { List, Stack, Text } from "@mantine/core";
import type { Impact, Role } from "../api/operations.gen.ts";
import { useTexts } from "../texts/texts.ts";

type Standing = { role: Role | null; allowed: boolean };
type Places = NonNullable<Impact["seats"][number]["after"]>;

/** "User", "Guest, without access" or "no access". */
export function useStanding(): (standing: Standing) => string {
  const { t, word } = useTexts();
  return ({ role, allowed }) => {
    if (role === null) return t("shared.noAccess");
    return allowed ? word("status", role) : t("shared.withoutAccess", { role: word("status", role) });
  };
}

/** What a change would do to people, seats and mailboxes, in sentences: read before it is done. */
export function ImpactView({ impact }: { impact: Impact }) {
  const { t } = useTexts();
  const standing = useStanding();
  const { access, seats, mails } = impact;
  const moved = seats.flatMap(({ site, product, before, after }) =>
    (["seats", "guests"] as const).flatMap((kind) => {
      const difference = used(after, kind) - used(before, kind);
      return difference === 0 ? [] : [{ site, product, kind, difference, after: after?.[kind] ?? null }];
    }),
  );
  const calm = access.total === 0 && moved.length === 0;
  return (
    <Stack gap="xs" role="status">
      {access.lostLast > 0 && <Text fw={600}>{t("shared.impactLast", { n: access.lostLast })}</Text>}
      {calm && <Text>{t("shared.impactNone")}</Text>}
      {!calm && (
        <List size="sm">
          {access.becoming.map((one) => (
            <List.Item key={`${one.site}/${one.product} ${standing(one.from)} ${standing(one.to)}`}>
              {t("shared.impactBecoming", {
                n: one.people,
                product: one.product,
                from: standing(one.from),
                to: standing(one.to),
              })}
            </List.Item>
          ))}
          {moved.map(({ site, product, kind, difference, after }) => (
            <List.Item key={`${site}/${product} ${kind}`}>
              {t(kind === "seats" ? "shared.impactSeats" : "shared.impactSlots", {
                difference: difference > 0 ? `+${difference}` : `−${-difference}`,
                n: Math.abs(difference),
                product,
                used: after?.used ?? 0,
                limit: after?.limit ?? "∞",
              })}
            </List.Item>
          ))}
        </List>
      )}
      {access.named.length > 0 && (
        <Text c="dimmed" truncate>
          {access.named
            .slice(0, 8)
            .map(({ user }) => user.userName)
            .join(", ")}
          {access.total > 8 ? " …" : ""}
        </Text>
      )}
      {mails.total > 0 && <Text>{t("shared.impactMails", { n: mails.total })}</Text>}
    </Stack>
  );
}

function used(places: Places | null, kind: "seats" | "guests"): number {
  return places?.[kind].used ?? 0;
}
