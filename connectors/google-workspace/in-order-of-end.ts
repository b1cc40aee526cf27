/**
 * Works on `width` inputs at once and gives the results as they come; what is finished waits until it is asked for, so
 * that no more than `width` results are held. The first failure ends it; the others under way are then forgotten.
 */
export async function* inOrderOfEnd<In, Out>(
  inputs: Iterable<In>,
  width: number,
  work: (input: In) => Promise<Out>,
): AsyncGenerator<Out, void, void> {
  const running = new Set<Promise<{ mine: Promise<unknown>; result: Out }>>();
  const takeNext = async (): Promise<Out> => {
    const { mine, result } = await Promise.race(running);
    running.delete(mine as Promise<{ mine: Promise<unknown>; result: Out }>);
    return result;
  };
  for (const input of inputs) {
    const mine: Promise<{ mine: Promise<unknown>; result: Out }> = work(input).then((result) => ({ mine, result }));
    // Whoever fails after the first failure is waited for by nobody.
    mine.catch(() => {});
    running.add(mine);
    if (running.size >= width) yield await takeNext();
  }
  while (running.size > 0) yield await takeNext();
}
