import { Code, Stack, Text } from "@mantine/core";
import { Link } from "react-router";
import type { User } from "../../api/operations.gen.ts";
import { useApi } from "../../api/use-api.ts";
import { Chip } from "../../parts/chip.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { useTexts } from "../../texts/texts.ts";

/** Which directories hold the person, in their order, and which of them decides. */
export function SourceTab({ user }: { user: User }) {
  const { t, word } = useTexts();
  const directories = useApi("directories.list", { query: { limit: 200 } });
  const find = (name: string) => directories.data?.data.find((one) => one.name === name);
  if (user.records.length === 0) return <EmptyState text={t("user.noRecords")} />;
  return (
    <Stack>
      <Text maw={720}>{t("user.sourceMeans")}</Text>
      <div className="table-part">
        <table className="table">
          <caption className="visually-hidden">{t("user.tab-source")}</caption>
          <thead>
            <tr>
              <th scope="col">{t("users.directory")}</th>
              <th scope="col">{t("users.kind")}</th>
              <th scope="col">{t("user.record")}</th>
              <th scope="col">{t("user.state")}</th>
              <th scope="col">{t("user.recordId")}</th>
              <th scope="col">{t("users.externalId")}</th>
            </tr>
          </thead>
          <tbody>
            {user.records.map((record) => {
              const directory = find(record.directory);
              return (
                <tr key={record.id}>
                  <td>
                    {directory ? (
                      <Link to={`/directories?open=${directory.id}`}>{record.directory}</Link>
                    ) : (
                      record.directory
                    )}
                  </td>
                  <td>{directory ? word("users", directory.kind) : "–"}</td>
                  <td>
                    {record.canonical ? (
                      <Chip meaning="good" label={t("user.canonical")} means={t("user.canonicalMeans")} />
                    ) : (
                      <Chip meaning="neutral" label={t("user.covered")} means={t("user.coveredMeans")} />
                    )}
                  </td>
                  <td>
                    {record.active ? (
                      <Chip meaning="good" label={t("user.active")} />
                    ) : (
                      <Chip meaning="bad" label={t("user.inactive")} />
                    )}
                  </td>
                  <td>
                    <Code>{record.id}</Code>
                  </td>
                  <td>{record.externalId === null ? "–" : <Code>{record.externalId}</Code>}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </Stack>
  );
}
