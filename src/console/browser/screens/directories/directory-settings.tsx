import { Group, NumberInput, Select, Stack, Switch, TagsInput } from "@mantine/core";
import { useState } from "react";
import { call, type Row } from "../../api/call.ts";
import { DIRECTORY_PERMISSIONS, DIRECTORY_PROFILES } from "../../api/operations.gen.ts";
import { ActButton } from "../../parts/act-button.tsx";
import { faultAt } from "../../parts/fault-at.ts";
import { ImpactView } from "../../parts/impact-view.tsx";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { useAct } from "../../parts/use-act.tsx";
import { usePreview } from "../../parts/use-trial.ts";
import { useTexts } from "../../texts/texts.ts";
import { type BodyOf, given, type Settings } from "./form.ts";
import { SettingsFields } from "./settings-fields.tsx";

type Directory = Row<"directories.list">;

/** What may be changed of a directory. What it would do to people is looked at before it is saved. */
export function DirectorySettings({ directory }: { directory: Directory }) {
  const { t, word } = useTexts();
  const act = useAct();
  const preview = usePreview("directories.update");
  const [form, setForm] = useState(directory);
  const [settings, setSettings] = useState<Settings>(directory.settings);
  const [secret, setSecret] = useState("");
  const { kind, name } = directory;
  const pulled = kind === "ldap" || kind === "google-workspace" ? kind : null;
  const set = (change: Partial<Directory>): void => {
    setForm({ ...form, ...change });
    preview.clear();
  };
  const body: BodyOf<"directories.update"> = {
    permissions: form.permissions,
    domainPolicy: form.domainPolicy,
    authoritativeDomains: form.authoritativeDomains,
    ...(kind === "scim" && { profile: form.profile, requireIfMatch: form.requireIfMatch }),
    ...(pulled !== null && {
      settings: given(settings),
      syncEvery: form.syncEvery,
      deltaEvery: form.deltaEvery,
      firstRun: form.firstRun,
      ...(secret !== "" && { secret }),
    }),
  };
  const before: BodyOf<"directories.update"> = {
    permissions: directory.permissions,
    domainPolicy: directory.domainPolicy,
    authoritativeDomains: directory.authoritativeDomains,
    ...(kind === "scim" && { profile: directory.profile, requireIfMatch: directory.requireIfMatch }),
  };
  const save = async (): Promise<void> => {
    await act(
      "directories.update",
      { params: { directory: name }, body },
      t("directories.saved", { name }),
      ...(pulled === null ? [() => call("directories.update", { params: { directory: name }, body: before })] : []),
    );
    preview.clear();
  };
  const refusal = preview.problem;
  return (
    <Stack gap="md">
      <Select
        label={t("directories.permissions")}
        description={t("directories.permissionsHow")}
        data={DIRECTORY_PERMISSIONS.filter((one) => pulled === null || one !== "read-write").map((value) => ({
          value,
          label: word("directories", value),
        }))}
        value={form.permissions}
        allowDeselect={false}
        onChange={(value) =>
          set({ permissions: DIRECTORY_PERMISSIONS.find((one) => one === value) ?? form.permissions })
        }
      />
      <Switch
        label={t("directories.domainPolicy")}
        description={t("directories.domainPolicyHow")}
        checked={form.domainPolicy}
        onChange={(event) => set({ domainPolicy: event.currentTarget.checked })}
      />
      <TagsInput
        label={t("directories.authoritative")}
        description={t("directories.authoritativeHow")}
        value={form.authoritativeDomains}
        acceptValueOnBlur
        error={faultAt(refusal, "/authoritativeDomains")}
        onChange={(authoritativeDomains) => set({ authoritativeDomains })}
      />
      {kind === "scim" && (
        <>
          <Select
            label={t("directories.profile")}
            data={DIRECTORY_PROFILES.map((value) => ({ value, label: word("directories", `profile-${value}`) }))}
            value={form.profile}
            allowDeselect={false}
            onChange={(value) => set({ profile: DIRECTORY_PROFILES.find((one) => one === value) ?? form.profile })}
          />
          <Switch
            label={t("directories.requireIfMatch")}
            checked={form.requireIfMatch}
            onChange={(event) => set({ requireIfMatch: event.currentTarget.checked })}
          />
        </>
      )}
      {pulled !== null && (
        <>
          <SettingsFields
            kind={pulled}
            settings={settings}
            secret={secret}
            problem={refusal}
            isNew={false}
            onSettings={setSettings}
            onSecret={setSecret}
          />
          <NumberInput
            label={t("directories.syncEvery")}
            description={t("directories.syncEveryHow")}
            min={1}
            value={form.syncEvery === null ? "" : form.syncEvery / 60}
            error={faultAt(refusal, "/syncEvery")}
            onChange={(value) => set({ syncEvery: value === "" ? null : Number(value) * 60 })}
          />
          <NumberInput
            label={t("directories.deltaEvery")}
            description={t("directories.deltaEveryHow")}
            min={1}
            value={form.deltaEvery === null ? "" : form.deltaEvery / 60}
            error={faultAt(refusal, "/deltaEvery")}
            onChange={(value) => set({ deltaEvery: value === "" ? null : Number(value) * 60 })}
          />
          <Switch
            label={t("directories.firstRunApply")}
            checked={form.firstRun === "apply"}
            onChange={(event) => set({ firstRun: event.currentTarget.checked ? "apply" : "preview" })}
          />
        </>
      )}
      {refusal && <ProblemNotice problem={refusal} />}
      {preview.trial && <ImpactView impact={preview.trial.impact} />}
      <Group gap="sm">
        <ActButton operation="directories.update" onClick={() => void save()}>
          {t("shared.save")}
        </ActButton>
        <ActButton
          operation="directories.update"
          variant="default"
          loading={preview.busy}
          onClick={() => void preview.look({ params: { directory: name }, body })}
        >
          {t("shared.preview")}
        </ActButton>
      </Group>
    </Stack>
  );
}
