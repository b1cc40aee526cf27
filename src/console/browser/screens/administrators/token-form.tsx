import { Button, Group, MultiSelect, SegmentedControl, Select, Stack, Text, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import type { Permission } from "../../api/operations.gen.ts";
import { useApi, useChange } from "../../api/use-api.ts";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { SecretOnce } from "../../parts/secret-once.tsx";
import { usePerson } from "../../shell/session.ts";
import { useTexts } from "../../texts/texts.ts";

/** A token of a program: for the administration API with some permissions or all, or for one product that asks Muster. */
export function TokenForm() {
  const { t } = useTexts();
  const { me } = usePerson();
  const create = useChange("tokens.create");
  const products = useApi("products.list", {});
  const [kind, setKind] = useState("administration");
  const [name, setName] = useState("");
  const [permissions, setPermissions] = useState<Permission[]>([]);
  const [product, setProduct] = useState<string | null>(null);
  const [days, setDays] = useState<string | null>("90");
  if (create.data) return <SecretOnce label={t("administrators.shownOnce")} secret={create.data.token} />;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const rest = {
      name,
      expiresAt: days === null ? null : new Date(Date.now() + Number(days) * 86_400_000).toISOString(),
    };
    if (kind === "product" && product !== null) create.mutate({ body: { product, ...rest } });
    else if (kind === "administration") create.mutate({ body: { permissions, ...rest } });
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <SegmentedControl
          aria-label={t("administrators.kind")}
          value={kind}
          onChange={setKind}
          data={[
            { value: "administration", label: t("administrators.administrationToken") },
            { value: "product", label: t("administrators.productToken") },
          ]}
        />
        <Text c="dimmed">
          {t(kind === "product" ? "administrators.productTokenMeans" : "administrators.administrationTokenMeans")}
        </Text>
        <TextInput
          label={t("administrators.name")}
          required
          maxLength={200}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        {kind === "product" ? (
          <Select
            label={t("administrators.product")}
            required
            data={(products.data?.data ?? []).map(({ id, key, site }) => ({ value: id, label: `${site}/${key}` }))}
            value={product}
            onChange={setProduct}
          />
        ) : (
          <MultiSelect
            label={t("administrators.permissions")}
            required
            searchable
            data={me.permissions.map((one) => one.permission)}
            value={permissions}
            onChange={(chosen) => setPermissions(chosen as Permission[])}
          />
        )}
        <Select
          label={t("administrators.expires")}
          data={["30", "90", "365"].map((value) => ({ value, label: t("administrators.days", { n: Number(value) }) }))}
          clearable
          placeholder={t("shared.never")}
          value={days}
          onChange={setDays}
        />
        {create.error && <ProblemNotice problem={create.error} />}
        <Group justify="flex-end">
          <Button type="submit" loading={create.isPending}>
            {t("administrators.makeToken")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
