import { Button, Group, Stack, TagsInput, Text, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import type { EventKind } from "../../api/operations.gen.ts";
import { useChange } from "../../api/use-api.ts";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { SecretOnce } from "../../parts/secret-once.tsx";
import { useTexts } from "../../texts/texts.ts";

export function WebhookForm() {
  const { t } = useTexts();
  const create = useChange("webhooks.create");
  const [name, setName] = useState("");
  const [url, setUrl] = useState("");
  const [kinds, setKinds] = useState<string[]>([]);
  if (create.data) return <SecretOnce label={t("webhooks.secretOnce")} secret={create.data.secret} />;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    create.mutate({ body: { name, url, ...(kinds.length > 0 && { kinds: kinds as EventKind[] }) } });
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <Text>{t("webhooks.addWhy")}</Text>
        <TextInput
          label={t("webhooks.name")}
          required
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <TextInput
          label="URL"
          type="url"
          placeholder="https://"
          required
          value={url}
          onChange={(event) => setUrl(event.currentTarget.value)}
        />
        <TagsInput
          label={t("webhooks.kinds")}
          description={t("webhooks.kindsMeans")}
          value={kinds}
          onChange={setKinds}
        />
        {create.error && <ProblemNotice problem={create.error} />}
        <Group justify="flex-end">
          <Button type="submit" loading={create.isPending}>
            {t("webhooks.add")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
