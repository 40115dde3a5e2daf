// What each action of the core does to the world: one row for each, exhaustive by type, so that an action without an effect
// does not compile. Effects are short and never wait; what they find out comes back as an event.

import type { Action, WantedAddress } from "../core/action.ts";
import type { Address } from "../core/config/cluster.ts";
import type { ObservedAddress } from "../core/event.ts";
import type { Change } from "../core/plan.ts";
import type { OperatorAnswer } from "../ports/operator.ts";
import type { NodePorts } from "./node-ports.ts";
import type { Happening } from "./runtime.ts";

export interface EffectContext {
  readonly ports: NodePorts;
  /** Who waits for the answer to which request. */
  readonly operators: Map<number, (answer: OperatorAnswer) => void>;
  post(happening: Happening): void;
  /** What has to be changed so that the wanted addresses are there. */
  changes(observed: readonly ObservedAddress[]): readonly Change[];
  wanted(): readonly WantedAddress[];
  stopped(): void;
  fenced(): void;
}

export type Effects = (action: Action) => void;

type EffectTable = { readonly [T in Action["type"]]: (action: Extract<Action, { type: T }>) => void };

export function effectTable(context: EffectContext): Effects {
  const { ports, operators } = context;
  const media = new Map(ports.media.map((medium) => [medium.id, medium]));
  const guarded = new Set<string>();
  const table: EffectTable = {
    send({ media: ids, bytes, topic }) {
      for (const id of ids) {
        const medium = media.get(id);
        if (medium === undefined) throw new Error(`send names the medium "${id}", which this node has not`);
        medium.send(bytes, topic);
      }
    },
    log: ({ severity, text }) => ports.log.write(severity, text),
    announce({ interface: name, address, form }) {
      const outcome = ports.arp.announce(name, address, form);
      if (!outcome.ok) ports.log.write("WARN", `Gratuitous ARP ${form} for ${address}: ${outcome.error}`);
      // Not before it: clients wait for the announcement, and nobody waits for the watch.
      guardAgainstRivals(context, guarded);
    },
    reconcile() {
      for (const change of context.changes(ports.addresses.addresses())) apply(change, context);
      const { addresses } = ports;
      context.post({ type: "observed", addresses: addresses.addresses(), routes: addresses.routes() });
    },
    ping: ({ target, bytes }) => ports.pinger?.ping(target, bytes),
    run: ({ id, program }) =>
      ports.programs.run(id, program, (outcome, output) =>
        context.post({ type: "program-ended", id, outcome, output }),
      ),
    kill: ({ id }) => ports.programs.kill(id),
    check: ({ checks }) => ports.checks?.want(checks),
    record: ({ decision }) => ports.journal.record(decision),
    remember: ({ node, position }) => ports.memory.remember(node, position),
    forget: ({ node }) => ports.memory.forget(node),
    answer({ id, error, last, snapshot }) {
      const answer = operators.get(id);
      if (answer === undefined) throw new Error(`answer names the request ${id}, which nobody waits for`);
      operators.delete(id);
      answer({
        ...(error !== undefined && { error }),
        snapshot,
        ...(last !== undefined && { decisions: ports.journal.last(last) }),
      });
    },
    "self-fence": () => {
      context.fenced();
      ports.reset?.reset((error) => ports.log.write("CRIT", `This machine cannot be restarted: ${error}`));
    },
    stopped: () => context.stopped(),
  };
  // One row of the table takes exactly the actions of its own type; TypeScript cannot follow that through an index.
  return (action) => (table[action.type] as Effects)(action);
}

function apply(change: Change, { ports, post }: EffectContext): void {
  const { addresses } = ports;
  const outcome = change.type === "add" ? addresses.add(change.address) : addresses.remove(change.address);
  if (!outcome.ok) post({ type: "change-failed", address: change.address.address, error: outcome.error });
}

/** Starts listening for rivals on every interface that carries a wanted address, once; it stays, which costs nothing. */
function guardAgainstRivals(context: EffectContext, guarded: Set<string>): void {
  const { ports, post, wanted } = context;
  for (const name of new Set(wanted().map((address) => address.interface))) {
    if (guarded.has(name)) continue;
    const held = (): readonly Address[] =>
      wanted()
        .filter((address) => address.interface === name)
        .map((address) => address.address);
    const outcome = ports.arp.watch(name, held, (address, mac) =>
      post({ type: "rival", interface: name, address, mac }),
    );
    if (outcome.ok) guarded.add(name);
    else ports.log.write("WARN", `No watch for rivals on ${name}: ${outcome.error}`);
  }
}
