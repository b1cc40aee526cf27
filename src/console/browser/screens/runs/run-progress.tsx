import { Progress, Stack, Text } from "@mantine/core";
import type { Answer } from "../../api/call.ts";
import { useTexts } from "../../texts/texts.ts";

/** How far a run is; nothing once it is over. */
export function RunProgress({ run: { progress } }: { run: Answer<"runs.get"> }) {
  const { t, word } = useTexts();
  if (progress === null) return null;
  const { phase, read, expected, planned, applied, perSecond, silentFor } = progress;
  const [done, all] = phase === "apply" ? [applied, planned] : [read, expected];
  const share = all === null || all === 0 ? null : Math.min(100, (100 * done) / all);
  return (
    <Stack gap="xs">
      <Text role="status">
        {t("runs.progress", {
          phase: word("runs", `phase-${phase}`),
          done,
          all: all ?? "?",
          perSecond: Math.round(perSecond),
        })}
      </Text>
      <Progress value={share ?? 100} animated={share === null} aria-label={word("runs", `phase-${phase}`)} />
      {silentFor > 10 && <Text>{t("runs.silent", { n: Math.round(silentFor) })}</Text>}
    </Stack>
  );
}
