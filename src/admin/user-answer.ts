import { z } from "zod";
import { directoryKind } from "./directories.ts";
import { idOut, instant } from "./fields.ts";
import { role, siteStatus, status, userKind } from "./words.ts";

/** A person, as lists and single answers show them. */
export const userAnswer = z
  .object({
    id: idOut,
    userName: z.string(),
    email: z.string().nullable(),
    displayName: z.string().nullable(),
    status,
    kind: userKind,
    source: directoryKind.nullable(),
    firstAccessAt: instant.nullable(),
    lastAccessAt: instant.nullable(),
    expiresAt: instant.nullable(),
    invitedAt: instant.nullable(),
    signedUpAt: instant.nullable(),
    sites: z.array(z.object({ site: z.string(), status: siteStatus })),
    access: z.array(z.object({ site: z.string(), product: z.string(), role: role.nullable(), allowed: z.boolean() })),
    records: z.array(
      z.object({
        directory: z.string(),
        id: idOut,
        externalId: z.string().nullable(),
        canonical: z.boolean(),
        active: z.boolean(),
      }),
    ),
  })
  .meta({ id: "User" });
