import { List, Skeleton, Stack, Text } from "@mantine/core";
import type { Problem } from "../api/call.ts";
import type { Impact } from "../api/operations.gen.ts";
import { type Texts, useTexts } from "../texts/texts.ts";
import { ProblemNotice } from "./problem-notice.tsx";

/** What a change would bring: who loses or gains what, seats, mails. Before it is known: a skeleton; refused: why. */
export function Consequence({ trial }: { trial: { data: { impact: Impact } | undefined; error: Problem | null } }) {
  const texts = useTexts();
  const { t } = texts;
  if (trial.error) return <ProblemNotice problem={trial.error} />;
  if (trial.data === undefined)
    return (
      <Stack gap="xs" aria-busy="true">
        <Skeleton height={16} />
        <Skeleton height={16} w="60%" />
      </Stack>
    );
  const lines = linesOf(trial.data.impact, texts);
  return (
    <section aria-label={t("shared.consequence")}>
      <Text fw={600}>{t("shared.consequence")}</Text>
      {lines.length === 0 ? (
        <Text c="dimmed">{t("shared.noConsequence")}</Text>
      ) : (
        <List size="sm" spacing={4}>
          {lines.map((line) => (
            <List.Item key={line}>{line}</List.Item>
          ))}
        </List>
      )}
    </section>
  );
}

function linesOf({ access, seats, mails }: Impact, { t, word }: Texts): string[] {
  const role = (one: { role: string | null; allowed: boolean }) =>
    one.role === null
      ? t("shared.noRole")
      : one.allowed
        ? word("status", one.role)
        : t("shared.roleWithout", { role: word("status", one.role) });
  const lines = access.becoming.map((one) =>
    t("shared.becoming", {
      n: one.people,
      place: `${one.site}/${one.product}`,
      from: role(one.from),
      to: role(one.to),
    }),
  );
  if (access.lostLast > 0) lines.push(t("shared.lostLast", { n: access.lostLast }));
  for (const { site, product, before, after } of seats) {
    const place = `${site}/${product}`;
    const [seatsBefore, seatsAfter] = [before?.seats.used ?? 0, after?.seats.used ?? 0];
    const [slotsBefore, slotsAfter] = [before?.guests.used ?? 0, after?.guests.used ?? 0];
    if (seatsBefore !== seatsAfter)
      lines.push(t("shared.seatsBecome", { place, before: seatsBefore, after: seatsAfter }));
    if (slotsBefore !== slotsAfter)
      lines.push(t("shared.slotsBecome", { place, before: slotsBefore, after: slotsAfter }));
  }
  if (mails.total > 0)
    lines.push(t("shared.mailsGo", { n: mails.total, to: mails.named.map((mail) => mail.to).join(", ") }));
  return lines;
}
