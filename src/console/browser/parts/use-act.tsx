import { Button, Group, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import { askAnewAfter } from "../api/after-change.ts";
import { type Answer, type Asked, call, type Operation, Problem } from "../api/call.ts";
import { useTexts } from "../texts/texts.ts";

/** How a change is taken back: what is pressed instead of "are you sure". */
export type Undo = () => Promise<unknown>;

/**
 * Does something at once and says that it is done, with a way back where there is one; or says why it was refused.
 * Resolves to the answer, or to undefined after a refusal.
 */
export function useAct() {
  const { t } = useTexts();
  const queries = useQueryClient();
  const refused = (error: unknown): void => {
    const problem = error instanceof Problem ? error : undefined;
    notifications.show({
      color: "red",
      autoClose: false,
      title: t("shared.failed"),
      closeButtonProps: { "aria-label": t("shared.close") },
      message: (
        <>
          <Text>{problem?.message ?? String(error)}</Text>
          {problem?.document.requestId && (
            <Text c="dimmed">{t("shared.requestId", { id: problem.document.requestId })}</Text>
          )}
        </>
      ),
    });
  };
  return async function act<O extends Operation>(
    operation: O,
    asked: Asked<O>,
    said: string,
    undo?: Undo | ((answer: Answer<O>) => Promise<unknown>),
  ): Promise<Answer<O> | undefined> {
    try {
      const answer = await call(operation, asked, { idempotencyKey: crypto.randomUUID() });
      const anew = () => askAnewAfter(queries, operation, asked);
      void anew();
      const id = crypto.randomUUID();
      notifications.show({
        id,
        closeButtonProps: { "aria-label": t("shared.close") },
        message: (
          <Group justify="space-between" wrap="nowrap">
            <Text>{said}</Text>
            {undo && (
              <Button
                variant="subtle"
                onClick={() => {
                  notifications.hide(id);
                  undo(answer).then(anew, refused);
                }}
              >
                {t("shared.undo")}
              </Button>
            )}
          </Group>
        ),
      });
      return answer;
    } catch (error) {
      refused(error);
      return undefined;
    }
  };
}
