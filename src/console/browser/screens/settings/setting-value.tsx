import { Group, NumberInput, Select, Switch, TagsInput, TextInput } from "@mantine/core";
import { useState } from "react";
import { call } from "../../api/call.ts";
import { ActButton, useWhyNot } from "../../parts/act-button.tsx";
import { useAct } from "../../parts/use-act.tsx";
import { useTexts } from "../../texts/texts.ts";
import { bodyFor, CHOICES, shown } from "./paths.ts";

/** One setting, changed where it stands and taken back by Undo. */
export function SettingValue({ path, value }: { path: string; value: unknown }) {
  const { t, word } = useTexts();
  const act = useAct();
  const whyNot = useWhyNot("settings.update");
  const [wanted, setWanted] = useState(value);
  const label = word("settings", path);
  const save = (to: unknown): void =>
    void act("settings.update", { body: bodyFor(path, to) }, t("settings.changed", { name: label }), () =>
      call("settings.update", { body: bodyFor(path, value) }),
    );
  const disabled = whyNot !== null;
  if (typeof value === "boolean")
    return (
      <Switch
        aria-label={label}
        checked={value}
        disabled={disabled}
        onChange={(event) => save(event.currentTarget.checked)}
      />
    );
  const choices = CHOICES[path];
  if (choices)
    return (
      <Select
        aria-label={label}
        data={choices.map((one) => ({ value: one, label: word("settings", `is-${one}`) }))}
        value={String(value)}
        allowDeselect={false}
        disabled={disabled}
        onChange={(to) => save(to)}
      />
    );
  return (
    <Group gap="sm" wrap="nowrap">
      {Array.isArray(value) ? (
        <TagsInput
          aria-label={label}
          value={Array.isArray(wanted) ? wanted.map(String) : []}
          disabled={disabled}
          acceptValueOnBlur
          onChange={setWanted}
        />
      ) : typeof value === "number" ? (
        <NumberInput
          aria-label={label}
          value={Number(wanted)}
          disabled={disabled}
          onChange={(to) => setWanted(Number(to))}
        />
      ) : (
        <TextInput
          aria-label={label}
          placeholder={t("shared.none")}
          value={wanted === null ? "" : String(wanted)}
          disabled={disabled}
          onChange={(event) => setWanted(wish(path, event.currentTarget.value))}
        />
      )}
      {shown(wanted) !== shown(value) && (
        <ActButton operation="settings.update" onClick={() => save(wanted)}>
          {t("shared.save")}
        </ActButton>
      )}
    </Group>
  );
}

/** What is left empty is null; the number of spaces is the one number that may be. */
function wish(path: string, text: string): unknown {
  if (text === "") return null;
  return path.endsWith("mostSpaces") ? Number(text) : text;
}
