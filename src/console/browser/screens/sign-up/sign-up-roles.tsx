import { Button, Checkbox, Group, Select, Stack, Text, TextInput, Title } from "@mantine/core";
import { useState } from "react";
import type { Answer } from "../../api/call.ts";
import { SIGN_UP_ROLES } from "../../api/operations.gen.ts";
import { useApi } from "../../api/use-api.ts";
import { PlainTable } from "../../parts/plain-table.tsx";
import { useTexts } from "../../texts/texts.ts";

type Role = Answer<"signUp.get">["roles"][number];

/** What signing up brings: a role per product, for everybody or for one domain, at once or after approval. */
export function SignUpRoles({ roles, onChange }: { roles: readonly Role[]; onChange: (roles: Role[]) => void }) {
  const { t, word } = useTexts();
  const products = useApi("products.list", { query: { limit: 200 } });
  const [product, setProduct] = useState<string | null>(null);
  const [role, setRole] = useState<Role["role"]>("user");
  const [domain, setDomain] = useState("");
  const [needsApproval, setNeedsApproval] = useState(false);
  const add = (): void => {
    const [site = "", key = ""] = (product ?? "").split("/");
    const next: Role = { site, product: key, role, domain: domain === "" ? null : domain, needsApproval };
    onChange([...roles.filter((one) => keyOf(one) !== keyOf(next)), next]);
    setProduct(null);
    setDomain("");
  };
  return (
    <Stack gap="sm">
      <Title order={2} size="h3">
        {t("signUp.roles")}
      </Title>
      {roles.length === 0 ? (
        <Text c="dimmed">{t("signUp.noRoles")}</Text>
      ) : (
        <PlainTable
          caption={t("signUp.roles")}
          heads={[t("signUp.product"), t("signUp.role"), t("signUp.domain"), t("signUp.approval"), t("shared.actions")]}
        >
          {roles.map((one) => (
            <tr key={keyOf(one)}>
              <td>{`${one.site} / ${one.product}`}</td>
              <td>{word("status", one.role)}</td>
              <td>{one.domain ?? t("signUp.anyDomain")}</td>
              <td>{t(one.needsApproval ? "shared.yes" : "shared.no")}</td>
              <td>
                <Button
                  variant="default"
                  onClick={() => onChange(roles.filter((other) => keyOf(other) !== keyOf(one)))}
                >
                  {t("shared.remove")}
                </Button>
              </td>
            </tr>
          ))}
        </PlainTable>
      )}
      <Group align="flex-end" gap="sm">
        <Select
          label={t("signUp.product")}
          w={180}
          data={(products.data?.data ?? []).map(({ site, key, name }) => ({ value: `${site}/${key}`, label: name }))}
          value={product}
          onChange={setProduct}
        />
        <Select
          label={t("signUp.role")}
          w={128}
          data={SIGN_UP_ROLES.map((value) => ({ value, label: word("status", value) }))}
          value={role}
          allowDeselect={false}
          onChange={(value) => setRole(value === "guest" ? "guest" : "user")}
        />
        <TextInput
          label={t("signUp.onlyDomain")}
          w={180}
          placeholder="example.com"
          value={domain}
          onChange={(event) => setDomain(event.currentTarget.value)}
        />
        <Checkbox
          label={t("signUp.approval")}
          mb={8}
          checked={needsApproval}
          onChange={(event) => setNeedsApproval(event.currentTarget.checked)}
        />
        <Button variant="default" disabled={product === null} onClick={add}>
          {t("shared.add")}
        </Button>
      </Group>
    </Stack>
  );
}

function keyOf({ site, product, domain }: Role): string {
  return `${site}/${product} ${domain ?? ""}`;
}
