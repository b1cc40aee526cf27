import { Group, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { call, type Row } from "../../api/call.ts";
import { useApi } from "../../api/use-api.ts";
import { ActButton } from "../../parts/act-button.tsx";
import { PlainTable } from "../../parts/plain-table.tsx";
import { useAct } from "../../parts/use-act.tsx";
import { useTexts } from "../../texts/texts.ts";

/** The parts of a product that a guest can be given. */
export function Spaces({ product }: { product: Row<"products.list"> }) {
  const { t } = useTexts();
  const act = useAct();
  const [key, setKey] = useState("");
  const [name, setName] = useState("");
  const query = { site: product.site };
  const { data } = useApi("spaces.list", { params: { key: product.key }, query: { ...query, limit: 200 } });
  const body = { key, ...(name !== "" && { name }) };
  const add = (): void =>
    void act("spaces.create", { params: { key: product.key }, query, body }, t("products.spaceMade")).then((made) => {
      if (made === undefined) return;
      setKey("");
      setName("");
    });
  return (
    <Stack gap="md">
      {data?.data.length === 0 && <Text c="dimmed">{t("products.noSpaces")}</Text>}
      {data && data.data.length > 0 && (
        <PlainTable
          caption={t("products.tab-spaces")}
          heads={[t("products.key"), t("products.name"), t("shared.actions")]}
        >
          {data.data.map((space) => (
            <SpaceRow key={space.id} space={space} product={product} />
          ))}
        </PlainTable>
      )}
      <Group align="flex-end" gap="sm">
        <TextInput label={t("products.key")} value={key} onChange={(event) => setKey(event.currentTarget.value)} />
        <TextInput label={t("products.name")} value={name} onChange={(event) => setName(event.currentTarget.value)} />
        <ActButton operation="spaces.create" disabled={key === ""} onClick={add}>
          {t("products.addSpace")}
        </ActButton>
      </Group>
    </Stack>
  );
}

function SpaceRow({ space, product }: { space: Row<"spaces.list">; product: Row<"products.list"> }) {
  const { t } = useTexts();
  const act = useAct();
  const [name, setName] = useState(space.name);
  const asked = (to: string) => ({
    params: { key: product.key, space: space.key },
    query: { site: product.site },
    body: { name: to },
  });
  return (
    <tr>
      <td>{space.key}</td>
      <td>
        <TextInput
          aria-label={t("products.nameOf", { key: space.key })}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
      </td>
      <td>
        <ActButton
          operation="spaces.update"
          variant="default"
          disabled={name === space.name || name === ""}
          onClick={() =>
            void act("spaces.update", asked(name), t("products.spaceRenamed"), () =>
              call("spaces.update", asked(space.name)),
            )
          }
        >
          {t("shared.save")}
        </ActButton>
      </td>
    </tr>
  );
}
