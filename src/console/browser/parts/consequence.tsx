import { Skeleton, Stack, Text } from "@mantine/core";
import type { Problem } from "../api/call.ts";
import type { Impact } from "../api/operations.gen.ts";
import { useTexts } from "../texts/texts.ts";
import { ImpactView } from "./impact-view.tsx";
import { ProblemNotice } from "./problem-notice.tsx";

/** What a change would bring: who loses or gains what, seats, mails. Before it is known: a skeleton; refused: why. */
export function Consequence({ trial }: { trial: { data: { impact: Impact } | undefined; error: Problem | null } }) {
  const { t } = useTexts();
  if (trial.error) return <ProblemNotice problem={trial.error} />;
  if (trial.data === undefined)
    return (
      <Stack gap="xs" aria-busy="true">
        <Skeleton height={16} />
        <Skeleton height={16} w="60%" />
      </Stack>
    );
  return (
    <section aria-label={t("shared.consequence")}>
      <Text fw={600}>{t("shared.consequence")}</Text>
      <ImpactView impact={trial.data.impact} />
    </section>
  );
}
