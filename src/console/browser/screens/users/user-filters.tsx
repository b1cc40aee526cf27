import { TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { useState } from "react";
import { ROLES, STATUSES, USER_KINDS, USER_SOURCES } from "../../api/operations.gen.ts";
import { useApi } from "../../api/use-api.ts";
import { useAddressState } from "../../parts/address-state.ts";
import { ChoiceFilter } from "../../parts/choice-filter.tsx";
import { SearchField } from "../../parts/search-field.tsx";
import { useTexts } from "../../texts/texts.ts";
import { SILENCES } from "./users-filter.ts";

/** What is asked for most, and with `more` the rest. */
export function UserFilters({ more }: { more: boolean }) {
  const { t, word } = useTexts();
  const products = useApi("products.list", { query: { limit: 200 } });
  return (
    <>
      <SearchField />
      <ChoiceFilter
        name="status"
        label={t("users.status")}
        choices={STATUSES.map((value) => ({ value, label: word("status", value) }))}
      />
      <ChoiceFilter
        name="kind"
        label={t("users.kind")}
        choices={USER_KINDS.map((value) => ({ value, label: word("users", value) }))}
      />
      <ChoiceFilter
        name="product"
        label={t("users.product")}
        choices={[
          { value: "none", label: t("users.noProduct") },
          ...(products.data?.data ?? []).map((one) => ({
            value: `${one.site}/${one.key}`,
            label: `${one.name} (${one.site})`,
          })),
        ]}
      />
      <ChoiceFilter
        name="role"
        label={t("users.role")}
        choices={ROLES.map((value) => ({ value, label: word("status", value) }))}
      />
      {more && <RareFilters />}
    </>
  );
}

function RareFilters() {
  const { t, word } = useTexts();
  const directories = useApi("directories.list", { query: { limit: 200 } });
  const groups = useApi("groups.list", { query: { limit: 200 } });
  return (
    <>
      <ChoiceFilter
        name="source"
        label={t("users.source")}
        choices={USER_SOURCES.map((value) => ({ value, label: word("users", value) }))}
      />
      <ChoiceFilter
        name="directory"
        label={t("users.directory")}
        choices={(directories.data?.data ?? []).map(({ name }) => ({ value: name, label: name }))}
      />
      <ChoiceFilter
        name="group"
        label={t("users.group")}
        choices={(groups.data?.data ?? []).map(({ id, name, directory }) => ({
          value: id,
          label: directory === null ? name : `${name} (${directory})`,
        }))}
      />
      <DomainFilter />
      <ChoiceFilter
        name="silent"
        label={t("users.lastAccess")}
        choices={SILENCES.map((value) => ({
          value,
          label: value === "never" ? t("shared.never") : t("users.silentFor", { n: Number(value) }),
        }))}
      />
    </>
  );
}

function DomainFilter() {
  const { t } = useTexts();
  const { get, set } = useAddressState();
  const [typed, setTyped] = useState(get("domain"));
  const tell = useDebouncedCallback((domain: string) => set({ domain: domain.trim(), cursor: null }, true), 300);
  return (
    <TextInput
      label={t("users.domain")}
      placeholder="example.com"
      value={typed}
      w={180}
      onChange={(event) => {
        setTyped(event.currentTarget.value);
        tell(event.currentTarget.value);
      }}
    />
  );
}
