import { Group, Skeleton, Stack, Text } from "@mantine/core";
import { urlOf } from "../../api/call.ts";
import type { User } from "../../api/operations.gen.ts";
import { useApi } from "../../api/use-api.ts";
import { CopyAs, quoted } from "../../parts/copy-as.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { useTexts } from "../../texts/texts.ts";
import { ProductAccess } from "./product-access.tsx";

/** Per product why, or why not, in a sentence, and behind it every path with its conditions; what the person has stands first. */
export function AccessTab({ user }: { user: User }) {
  const { t } = useTexts();
  const access = useApi("users.access", { params: { id: user.id } });
  if (access.error) return <ProblemNotice problem={access.error} onRetry={() => void access.refetch()} />;
  if (!access.data) return <Skeleton height={240} />;
  const rows = access.data.access.toSorted((one, other) => Number(one.role === null) - Number(other.role === null));
  return (
    <Stack>
      <Group justify="space-between">
        <Text c="dimmed">{t("user.accessMeans")}</Text>
        <CopyAs
          url={urlOf("users.access", { params: { id: user.id } })}
          command={`muster access ${quoted(user.userName)}`}
        />
      </Group>
      {rows.length === 0 && <EmptyState text={t("user.noProducts")} />}
      {rows.map(({ site, product, spaces }) => (
        <ProductAccess key={`${site}/${product}`} user={user} site={site} product={product} spaces={spaces} />
      ))}
    </Stack>
  );
}
