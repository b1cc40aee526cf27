import { Group, Radio, Select, SimpleGrid, Stack, Text, TextInput } from "@mantine/core";
import { useApi } from "../../api/use-api.ts";
import { Chip } from "../../parts/chip.tsx";
import { useTexts } from "../../texts/texts.ts";
import { type Chosen, type Effects, type Permission, type Product, placeOf } from "./wish.ts";

const NOTHING = "none";

type Props = {
  product: Product;
  chosen: Chosen | undefined;
  onChange: (chosen: Chosen | undefined) => void;
  effect: Effects[number] | undefined;
};

/** Nothing, User or Guest of one product: one choice, so that nobody is both (R42). A guest gets one space. */
export function ProductChoice({ product, chosen, onChange, effect }: Props) {
  const { t } = useTexts();
  const pick = (role: string): void =>
    onChange(
      role === "user" || role === "guest"
        ? {
            role,
            space: chosen?.space ?? "",
            permission: chosen?.permission ?? "read-only",
            until: chosen?.until ?? "",
          }
        : undefined,
    );
  return (
    <Stack gap="sm">
      <Radio.Group label={product.name} value={chosen?.role ?? NOTHING} onChange={pick} name={placeOf(product)}>
        <Group gap="lg" mt={4}>
          <Radio value={NOTHING} label={t("invite.nothing")} />
          <Radio value="user" label={t("invite.asUser")} />
          {product.hasGuests && <Radio value="guest" label={t("invite.asGuest")} />}
          {effect && <Becomes effect={effect} />}
        </Group>
      </Radio.Group>
      {chosen?.role === "guest" && <GuestFields product={product} chosen={chosen} onChange={onChange} />}
    </Stack>
  );
}

function Becomes({ effect }: { effect: Effects[number] }) {
  const { t, word } = useTexts();
  const groups = effect.groups.map(({ name }) => name).join(", ");
  return (
    <Group gap="sm">
      <Chip meaning={effect.role === "guest" ? "neutral" : "good"} label={word("status", effect.role)} />
      <Text c="dimmed">{t("invite.because", { groups })}</Text>
    </Group>
  );
}

function GuestFields({
  product,
  chosen,
  onChange,
}: {
  product: Product;
  chosen: Chosen;
  onChange: (chosen: Chosen) => void;
}) {
  const { t } = useTexts();
  const spaces = useApi("spaces.list", { params: { key: product.key }, query: { site: product.site, limit: 200 } });
  return (
    <SimpleGrid cols={{ base: 1, sm: 3 }} spacing="sm">
      <Select
        label={t("invite.space")}
        placeholder={t("invite.chooseSpace")}
        data={(spaces.data?.data ?? []).map(({ key, name }) => ({ value: key, label: name }))}
        value={chosen.space === "" ? null : chosen.space}
        onChange={(space) => onChange({ ...chosen, space: space ?? "" })}
        error={spaces.error?.message}
        searchable
      />
      <PermissionSelect value={chosen.permission} onChange={(permission) => onChange({ ...chosen, permission })} />
      <TextInput
        type="date"
        label={t("invite.until")}
        value={chosen.until}
        onChange={(event) => onChange({ ...chosen, until: event.currentTarget.value })}
      />
    </SimpleGrid>
  );
}

/** What a guest may do in a space. */
export function PermissionSelect({
  value,
  onChange,
}: {
  value: Permission;
  onChange: (permission: Permission) => void;
}) {
  const { t } = useTexts();
  return (
    <Select
      label={t("invite.permission")}
      data={[
        { value: "read-only", label: t("invite.readOnly") },
        { value: "can-create-and-edit", label: t("invite.canEdit") },
      ]}
      value={value}
      onChange={(one) => onChange(one === "can-create-and-edit" ? one : "read-only")}
      allowDeselect={false}
    />
  );
}
