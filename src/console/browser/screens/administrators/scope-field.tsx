import { Select } from "@mantine/core";
import { useApi } from "../../api/use-api.ts";
import { useTexts } from "../../texts/texts.ts";

export type ScopeKind = "organization" | "site" | "product" | "group";

/** One site, product or group; of the organization there is but one. The value is the id. */
export function ScopeField({
  kind,
  value,
  onChange,
  error,
}: {
  kind: ScopeKind;
  value: string | null;
  onChange: (id: string | null) => void;
  error?: string;
}) {
  const { t } = useTexts();
  const sites = useApi("sites.list", {}, { enabled: kind === "site" });
  const products = useApi("products.list", {}, { enabled: kind === "product" });
  const groups = useApi("groups.list", { query: { limit: 200 } }, { enabled: kind === "group" });
  if (kind === "organization") return null;
  const found = {
    site: (sites.data?.data ?? []).map(({ id, key }) => ({ value: id, label: key })),
    product: (products.data?.data ?? []).map(({ id, key, site }) => ({ value: id, label: `${site}/${key}` })),
    group: (groups.data?.data ?? []).map(({ id, name }) => ({ value: id, label: name })),
  }[kind];
  return (
    <Select
      label={t(`administrators.${kind}`)}
      data={found}
      searchable
      required
      value={value}
      onChange={onChange}
      error={error}
    />
  );
}
