import { Button, Card, Group, Skeleton, Stack, Title } from "@mantine/core";
import type { Problem, Trial } from "../../api/call.ts";
import { call } from "../../api/call.ts";
import { ActButton } from "../../parts/act-button.tsx";
import { CopyAs } from "../../parts/copy-as.tsx";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { useAct } from "../../parts/use-act.tsx";
import { useTexts } from "../../texts/texts.ts";
import { ConsequencesView } from "./consequences-view.tsx";

/** What the order that is wanted would do to whom, and the way to keep it or to go back. */
export function OrderPreview({
  names,
  before,
  trial,
  problem,
  onBack,
}: {
  names: readonly string[];
  before: readonly string[];
  trial: Trial<"directories.order"> | undefined;
  problem: Problem | null;
  onBack: () => void;
}) {
  const { t } = useTexts();
  const act = useAct();
  const keep = (): void =>
    void act("directories.order", { body: { names: [...names] } }, t("directories.orderKept"), () =>
      call("directories.order", { body: { names: [...before] } }),
    );
  return (
    <Card withBorder>
      <Stack gap="md" role="region" aria-label={t("directories.orderPreview")}>
        <Title order={2}>{t("directories.orderPreview")}</Title>
        {problem ? (
          <ProblemNotice problem={problem} />
        ) : trial === undefined ? (
          <Skeleton height={96} />
        ) : (
          <ConsequencesView consequences={trial.result.consequences} />
        )}
        <Group gap="sm">
          <ActButton operation="directories.order" disabled={trial === undefined || problem !== null} onClick={keep}>
            {t("directories.keepOrder")}
          </ActButton>
          <Button variant="default" onClick={onBack}>
            {t("directories.putBack")}
          </Button>
          <CopyAs url="/api/v1/directories/order" command={`muster directory order ${names.join(" ")}`} />
        </Group>
      </Stack>
    </Card>
  );
}
