import { Group, JsonInput, List, Skeleton, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { call } from "../../api/call.ts";
import type { Operations } from "../../api/operations.gen.ts";
import { useApi } from "../../api/use-api.ts";
import { ActButton } from "../../parts/act-button.tsx";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { useAct } from "../../parts/use-act.tsx";
import { usePreview } from "../../parts/use-trial.ts";
import { useTexts } from "../../texts/texts.ts";

type Body = Operations["schemaExtensions.set"]["body"];

/** What people and groups say beyond the standard, as it is declared; checked before it is kept. */
export function Extensions() {
  const found = useApi("schemaExtensions.get", {});
  if (found.error) return <ProblemNotice problem={found.error} />;
  if (found.data === undefined) return <Skeleton height={240} />;
  const text = JSON.stringify(found.data.extensions, null, 2);
  return <Form key={text} before={text} />;
}

function Form({ before }: { before: string }) {
  const { t, word } = useTexts();
  const act = useAct();
  const preview = usePreview("schemaExtensions.set");
  const [text, setText] = useState(before);
  const body = parsed(text);
  const save = (): void => {
    const was = parsed(before);
    if (body && was)
      void act("schemaExtensions.set", { body }, t("settings.extensionsSaved"), () =>
        call("schemaExtensions.set", { body: was }),
      );
  };
  return (
    <Stack gap="md" maw={960}>
      <Text c="dimmed">{t("settings.extensionsHow")}</Text>
      <JsonInput
        label={t("settings.tab-extensions")}
        autosize
        minRows={8}
        maxRows={30}
        value={text}
        error={body === null ? t("settings.noJson") : null}
        onChange={(value) => {
          setText(value);
          preview.clear();
        }}
      />
      {preview.problem && <ProblemNotice problem={preview.problem} />}
      {preview.trial && (
        <List size="sm" role="status">
          {preview.trial.result.extensions.map(({ urn, outcome }) => (
            <List.Item key={urn}>
              {urn}: {word("settings", `outcome-${outcome}`)}
            </List.Item>
          ))}
        </List>
      )}
      <Group gap="sm">
        <ActButton operation="schemaExtensions.set" disabled={body === null || text === before} onClick={save}>
          {t("shared.save")}
        </ActButton>
        <ActButton
          operation="schemaExtensions.set"
          variant="default"
          disabled={body === null}
          loading={preview.busy}
          onClick={() => body && void preview.look({ body })}
        >
          {t("settings.check")}
        </ActButton>
      </Group>
    </Stack>
  );
}

/** What the API judges: whether it is JSON at all is seen here. */
function parsed(text: string): Body | null {
  try {
    return { extensions: JSON.parse(text) };
  } catch {
    return null;
  }
}
