import { isMusterError } from "../errors.ts";

/** What was found, or undefined where nothing is; every other failure stays one. */
export async function unlessUnknown<T>(finding: Promise<T>): Promise<T | undefined> {
  try {
    return await finding;
  } catch (error) {
    if (isMusterError(error) && error.code === "not-found") return undefined;
    throw error;
  }
}
