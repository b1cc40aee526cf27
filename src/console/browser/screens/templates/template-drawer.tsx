import { Code, Drawer, Group, Stack, Text, Textarea, TextInput, Title } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useState } from "react";
import { call, type Row } from "../../api/call.ts";
import { useChange } from "../../api/use-api.ts";
import { ActButton } from "../../parts/act-button.tsx";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { useAct } from "../../parts/use-act.tsx";
import { LANGUAGES, useTexts } from "../../texts/texts.ts";
import { PreviewOfMail } from "./preview-of-mail.tsx";

type Template = Row<"mailTexts.list">;
type Part = keyof Template["own"];

/** The words of one kind of mail in one language, with how it looks beside them. */
export function TemplateDrawer({ text, onClose }: { text: Template | undefined; onClose: () => void }) {
  const { t, word } = useTexts();
  return (
    <Drawer
      opened={text !== undefined}
      onClose={onClose}
      title={text && `${word("templates", text.kind)}, ${LANGUAGES[text.locale]}`}
      closeButtonProps={{ "aria-label": t("shared.close") }}
    >
      {text && <Form key={`${text.kind}.${text.locale}.${text.changedAt}`} text={text} />}
    </Drawer>
  );
}

function Form({ text }: { text: Template }) {
  const { t } = useTexts();
  const act = useAct();
  const { kind, locale, own, defaults } = text;
  const params = { kind, locale };
  const [parts, setParts] = useState(own);
  const [settled] = useDebouncedValue(parts, 400);
  const save = useChange("mailTexts.set");
  const changed = Object.values(own).some((part) => part !== null);
  const shown: Part[] = [
    "subject",
    "intro",
    "action",
    "outro",
    ...(kind === "invitation" ? (["message"] as const) : []),
  ];
  const at = (part: Part) => save.error?.document.errors?.find(({ pointer }) => pointer === `/${part}`)?.message;
  const elsewhere = save.error && !shown.some((part) => at(part));
  return (
    <Stack>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate({ params, body: parts });
        }}
      >
        <Stack gap="sm">
          {elsewhere && save.error && <ProblemNotice problem={save.error} />}
          {shown.map((part) => {
            const Field = part === "subject" ? TextInput : Textarea;
            return (
              <Field
                key={part}
                label={t(`templates.${part}`)}
                placeholder={part === "message" ? "" : defaults[part]}
                value={parts[part] ?? ""}
                error={at(part)}
                onChange={(event) => {
                  const { value } = event.currentTarget;
                  setParts((before) => ({ ...before, [part]: value === "" ? null : value }));
                }}
                {...(part !== "subject" && { autosize: true, minRows: 2 })}
              />
            );
          })}
          <Text c="dimmed">
            {t("templates.variables")}{" "}
            {text.variables.map((name) => (
              <Code key={name} mr={4}>{`{{ ${name} }}`}</Code>
            ))}
          </Text>
          {text.required.length > 0 && (
            <Text c="dimmed">
              {t("templates.required", { names: text.required.map((name) => `{{ ${name} }}`).join(", ") })}
            </Text>
          )}
          <Group>
            <ActButton operation="mailTexts.set" type="submit" loading={save.isPending}>
              {t("shared.save")}
            </ActButton>
            {changed && (
              <ActButton
                operation="mailTexts.reset"
                variant="default"
                onClick={() =>
                  void act("mailTexts.reset", { params }, t("templates.wasReset"), () =>
                    call("mailTexts.set", { params, body: own }),
                  )
                }
              >
                {t("templates.reset")}
              </ActButton>
            )}
          </Group>
        </Stack>
      </form>
      <Title order={2}>{t("shared.preview")}</Title>
      <PreviewOfMail kind={kind} locale={locale} parts={settled} />
    </Stack>
  );
}
