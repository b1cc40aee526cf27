import { Skeleton, Stack, Text } from "@mantine/core";
import type { Problem } from "../api/call.ts";
import type { Impact } from "../api/operations.gen.ts";
import { useTexts } from "../texts/texts.ts";
import { ImpactView } from "./impact-view.tsx";
import { ProblemNotice } from "./problem-notice.tsx";

/** What a change would bring: who loses or gains what, seats, mails. Before it is known: a skeleton; refused: why. */
export function Consequence({ of }: { of: { trial: { impact: Impact } | undefined; problem: Problem | null } }) {
  const { t } = useTexts();
  if (of.problem) return <ProblemNotice problem={of.problem} />;
  if (of.trial === undefined)
    return (
      <Stack gap="xs" aria-busy="true">
        <Skeleton height={16} />
        <Skeleton height={16} w="60%" />
      </Stack>
    );
  return (
    <section aria-label={t("shared.consequence")}>
      <Text fw={600}>{t("shared.consequence")}</Text>
      <ImpactView impact={of.trial.impact} />
    </section>
  );
}
