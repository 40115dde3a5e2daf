// The last resort of a node that cannot stop what another node must be able to start: the end of its machine.

export interface Reset {
  /** Restarts the machine at once, without unmounting or asking anybody; `failed` is called when it cannot, with errno's name. */
  reset(failed: (error: string) => void): void;
}
