import { Alert, Button, List, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import type { Problem } from "../api/call.ts";
import { useTexts } from "../texts/texts.ts";

/** A refusal in the API's own words, what is wrong where, and the id that finds it in the log. */
export function ProblemNotice({ problem, onRetry }: { problem: Problem; onRetry?: () => void }) {
  const { t } = useTexts();
  const { errors = [], requestId, setting } = problem.document;
  const title =
    problem.status === 0
      ? t("shared.unreachable")
      : problem.status === 403 && !setting
        ? t("shared.notAllowed")
        : problem.status === 404
          ? t("shared.notFound")
          : problem.status === 412
            ? t("shared.changed")
            : t("shared.failed");
  return (
    <Alert role="alert" color="red" variant="light" icon={<IconAlertTriangle size={20} />} title={title}>
      {errors.length > 1 ? (
        <List size="sm">
          {errors.map((one) => (
            <List.Item key={`${one.pointer} ${one.message}`}>
              {one.pointer}: {one.message}
            </List.Item>
          ))}
        </List>
      ) : (
        <Text>{problem.message}</Text>
      )}
      {setting && <Text>{setting.consequence}</Text>}
      {requestId && <Text c="dimmed">{t("shared.requestId", { id: requestId })}</Text>}
      {onRetry && (
        <Button mt="sm" variant="default" onClick={onRetry}>
          {t("shared.retry")}
        </Button>
      )}
    </Alert>
  );
}
