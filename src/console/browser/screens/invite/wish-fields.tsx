import { Fieldset, Group, MultiSelect, Skeleton, Stack, Text } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useState } from "react";
import { useApi } from "../../api/use-api.ts";
import { inFilter } from "../../parts/address-state.ts";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { useTexts } from "../../texts/texts.ts";
import { ProductChoice } from "./product-choice.tsx";
import { type Chosen, type Effects, placeOf, type WishForm } from "./wish.ts";

type Props = {
  wish: WishForm;
  onChange: (wish: WishForm) => void;
  /** What it comes to on each product, where it has been tried out. */
  effects?: Effects | undefined;
};

/** Products with User or Guest, and groups; what each product comes to stands next to it (U10). */
export function WishFields({ wish, onChange, effects }: Props) {
  const { t } = useTexts();
  const products = useApi("products.list", { query: { limit: 200 } });
  const set = (place: string, chosen: Chosen | undefined): void => {
    const { [place]: _, ...others } = wish.products;
    onChange({ ...wish, products: chosen === undefined ? others : { ...others, [place]: chosen } });
  };
  if (products.error) return <ProblemNotice problem={products.error} />;
  if (products.data === undefined) return <Skeleton height={160} />;
  return (
    <Stack gap="md">
      <Fieldset legend={t("invite.products")} p="md">
        <Stack gap="md">
          {products.data.data.length === 0 && <Text c="dimmed">{t("invite.noProducts")}</Text>}
          {products.data.data.map((product) => (
            <ProductChoice
              key={product.id}
              product={product}
              chosen={wish.products[placeOf(product)]}
              onChange={(chosen) => set(placeOf(product), chosen)}
              effect={effects?.find(({ site, product: key }) => site === product.site && key === product.key)}
            />
          ))}
        </Stack>
      </Fieldset>
      <GroupField
        told={effects !== undefined}
        value={wish.groups}
        onChange={(groups) => onChange({ ...wish, groups })}
      />
    </Stack>
  );
}

type GroupFieldProps = { told: boolean; value: readonly string[]; onChange: (ids: string[]) => void };

function GroupField({ told, value, onChange }: GroupFieldProps) {
  const { t } = useTexts();
  const [typed, setTyped] = useState("");
  const [sought] = useDebouncedValue(typed, 200);
  const [names, setNames] = useState<Readonly<Record<string, string>>>({});
  const query = sought === "" ? { limit: 50 } : { limit: 50, filter: `name co ${inFilter(sought)}` };
  const found = useApi("groups.list", { query }, { keep: true });
  const rows = found.data?.data ?? [];
  const known = { ...names, ...Object.fromEntries(rows.map(({ id, name }) => [id, name])) };
  const data = [...new Set([...value, ...rows.map(({ id }) => id)])].map((id) => ({
    value: id,
    label: known[id] ?? id,
  }));
  return (
    <Group align="end">
      <MultiSelect
        label={t("invite.groups")}
        {...(told && { description: t("invite.groupsMean") })}
        data={data}
        value={[...value]}
        onChange={(ids) => {
          setNames(Object.fromEntries(ids.map((id) => [id, known[id] ?? id])));
          onChange(ids);
        }}
        searchable
        searchValue={typed}
        onSearchChange={setTyped}
        nothingFoundMessage={t("shell.nothingFound")}
        clearable
        flex={1}
      />
    </Group>
  );
}
