import { PasswordInput, Select, Switch, TagsInput, Textarea, TextInput } from "@mantine/core";
import type { Problem } from "../../api/call.ts";
import { faultAt } from "../../parts/fault-at.ts";
import { useTexts } from "../../texts/texts.ts";
import { FIELDS, type Field, type PulledKind, type Settings } from "./form.ts";

/** What a pulled directory is read with: its settings and, apart from them, the reader's secret. */
export function SettingsFields({
  kind,
  settings,
  secret,
  problem,
  isNew,
  onSettings,
  onSecret,
}: {
  kind: PulledKind;
  settings: Settings;
  secret: string;
  problem: Problem | null;
  isNew: boolean;
  onSettings: (settings: Settings) => void;
  onSecret: (secret: string) => void;
}) {
  const { t } = useTexts();
  const asksSecret = {
    label: t(kind === "ldap" ? "directories.bindPassword" : "directories.keyFile"),
    description: isNew ? undefined : t("directories.secretKept"),
    value: secret,
    error: faultAt(problem, "/secret"),
    autoComplete: "off",
  };
  return (
    <>
      {FIELDS[kind].map((field) => (
        <OneField
          key={field.name}
          field={field}
          value={settings[field.name]}
          error={faultAt(problem, `/settings/${field.name}`)}
          onChange={(value) => onSettings({ ...settings, [field.name]: value })}
        />
      ))}
      {kind === "ldap" ? (
        <PasswordInput
          {...asksSecret}
          required={isNew}
          visibilityToggleButtonProps={{ "aria-label": t("directories.showSecret") }}
          onChange={(event) => onSecret(event.currentTarget.value)}
        />
      ) : (
        <Textarea
          {...asksSecret}
          required={isNew}
          rows={4}
          placeholder='{"type": "service_account", …}'
          onChange={(event) => onSecret(event.currentTarget.value)}
        />
      )}
    </>
  );
}

function OneField({
  field: { name, form, required, choices = [], example },
  value,
  error,
  onChange,
}: {
  field: Field;
  value: unknown;
  error: string | null;
  onChange: (value: unknown) => void;
}) {
  const { word } = useTexts();
  const look = { label: word("directories", name), required: required === true, error, placeholder: example };
  const text = typeof value === "string" ? value : "";
  switch (form) {
    case "list":
      return <TagsInput {...look} value={words(value)} onChange={onChange} acceptValueOnBlur splitChars={[",", " "]} />;
    case "area":
      return <Textarea {...look} rows={3} value={text} onChange={(event) => onChange(event.currentTarget.value)} />;
    case "flag":
      return (
        <Switch
          label={look.label}
          checked={value === true}
          error={error}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
      );
    case "choice":
      return <Select {...look} data={[...choices]} clearable value={text === "" ? null : text} onChange={onChange} />;
    default:
      return <TextInput {...look} value={text} onChange={(event) => onChange(event.currentTarget.value)} />;
  }
}

function words(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : typeof value === "string" && value !== "" ? [value] : [];
}
