import { z } from "zod";
import { isMusterError, MusterError } from "../../errors.ts";
import { setUp } from "../../identity/setup.ts";
import { idOut, text } from "../fields.ts";
import { requestIdOf } from "../problem.ts";
import { route } from "../route.ts";
import { attemptsOf } from "./attempts.ts";
import { refuseForeignOrigin } from "./authenticate-session.ts";

const PLACES: Readonly<Record<string, string>> = {
  token: "/token",
  key: "/organization/key",
  name: "/organization/name",
  email: "/administrator/email",
  password: "/administrator/password",
};

function inPlace(error: unknown): unknown {
  const at = isMusterError(error) && error.at !== undefined ? PLACES[error.at] : undefined;
  return isMusterError(error) && at !== undefined ? new MusterError(error.code, error.message, { at }) : error;
}

/** `/setup`: the first organization, by the link that `muster start` printed. */
export const setupRoutes = [
  route({
    id: "setup.run",
    method: "POST",
    path: "/setup",
    summary: "Make the first organization and its administrator, with the token of the link that muster start printed",
    guard: "anyone",
    body: z.strictObject({
      token: text(128),
      organization: z.strictObject({ key: text(63), name: text(256).optional() }),
      administrator: z.strictObject({ email: text(254), password: text(1024) }),
    }),
    status: 201,
    answer: z
      .object({
        organization: z.object({ id: idOut, key: z.string(), name: z.string() }),
        administrator: z.object({ id: idOut, userName: z.string() }),
      })
      .meta({ id: "SetUp" }),
    open: async ({ ctx, body, request, response }) => {
      refuseForeignOrigin(ctx, request, "if-told");
      const attempts = attemptsOf(ctx);
      attempts.begin(request.ip);
      const { key, name = key } = body.organization;
      const made = await setUp(ctx, body.token, { key, name, ...body.administrator }, requestIdOf(response)).catch(
        (error: unknown) => {
          throw inPlace(error);
        },
      );
      attempts.succeeded(request.ip);
      return made;
    },
  }),
];
