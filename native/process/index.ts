// What PID 1 and the process that decides ask of the kernel beyond Node: memory locking, real-time scheduling, mounts, modules,
// reboot, orphans, loop devices, identity. Sources: the man pages named at each function.
// Every error has `code` (errno's name), `errno` (negative) and a message such as
// "process: mount none on /mnt as tmpfs: EPERM (Operation not permitted): needs CAP_SYS_ADMIN".

import { writeFileSync } from "node:fs";
import { constants } from "node:os";
import { integerWithin, withoutNul } from "../common/bounds.ts";
import { loadAddon } from "../load.ts";

/** The scheduling of the calling thread; `priority` is 0 but for "fifo" and "rr" (sched(7)). */
export interface Scheduling {
  readonly policy: "other" | "fifo" | "rr" | "batch" | "idle" | "deadline";
  readonly priority: number;
}

/** Filesystem-independent mount options by their names in mount(8). */
export type MountFlag =
  | "bind"
  | "dirsync"
  | "lazytime"
  | "move"
  | "noatime"
  | "nodev"
  | "nodiratime"
  | "noexec"
  | "nosuid"
  | "private"
  | "rec"
  | "relatime"
  | "remount"
  | "ro"
  | "shared"
  | "silent"
  | "slave"
  | "strictatime"
  | "sync"
  | "unbindable";

export interface MountRequest {
  /** Device or folder; "" for file systems that have none. */
  readonly source: string;
  readonly target: string;
  /** File system type; "" with "bind", "remount", "move" and the propagation flags. */
  readonly type: string;
  readonly flags: readonly MountFlag[];
  /** The file system's own options, "size=64m,mode=755". */
  readonly data?: string;
}

/** A child that ended by itself with `code` or by `signal` ("SIGKILL"). */
export type EndedChild =
  | { readonly pid: number; readonly code: number }
  | { readonly pid: number; readonly signal: string };

export interface LoopRequest {
  readonly file: string;
  /** Bytes, a multiple of 512. */
  readonly offset: number;
  /** Bytes, a multiple of 512; 0 takes all up to the end of the file. */
  readonly sizeLimit: number;
  readonly readOnly: boolean;
}

export interface LoopAttachment {
  /** "/dev/loop0" */
  readonly device: string;
  /** Frees the device now, or when the last mount of it ends. Throws EBADF when called again. */
  detach(): void;
}

interface Addon {
  lockMemory(onFault: boolean): number;
  unlockMemory(): void;
  setRealtime(priority: number): void;
  setNormal(): void;
  scheduling(): Scheduling;
  loadModule(path: string, parameters: string): "loaded" | "already";
  mount(source: string, target: string, type: string, data: string, flags: readonly string[]): void;
  unmount(target: string, force: boolean, lazy: boolean): void;
  reboot(ending: "restart" | "poweroff" | "halt"): void;
  sync(): void;
  reap(pid: number): { readonly pid: number; readonly code?: number; readonly signal?: number }[];
  notifyService(path: string, text: string): void;
  setHostName(name: string): void;
  attachLoop(
    file: string,
    offset: number,
    sizeLimit: number,
    readOnly: boolean,
  ): { readonly descriptor: number; readonly path: string };
  detachLoop(descriptor: number, path: string): void;
  setUser(uid: number, gid: number): void;
}

const addon = loadAddon<Addon>("process");
const greatestPid = 2 ** 22;
const greatestId = 2 ** 32 - 2;
const anyChild = -1;

/**
 * Keeps in RAM what this process executes: all files mapped now (program, libraries, addons), the C heap and the main stack
 * (mlock2(2)); call it when all addons are loaded. With `onFault` pages are locked as they are touched; without it they are read
 * in at once. V8's heap stays unlocked, since V8 dies of mlockall(2) at its next collection (memory.h); it leaves RAM only through
 * swap. Returns the bytes under lock. EPERM or ENOMEM: needs CAP_IPC_LOCK or a greater RLIMIT_MEMLOCK; nothing is locked then.
 */
export function lockMemory(options: { readonly onFault: boolean }): number {
  return addon.lockMemory(options.onFault);
}

export function unlockMemory(): void {
  addon.unlockMemory();
}

/**
 * Schedules the calling thread as SCHED_RR with a priority from 1 to 99 (sched(7)). Children and threads that it starts
 * afterwards are scheduled normally. EPERM: needs CAP_SYS_NICE or RLIMIT_RTPRIO.
 */
export function setRealtime(priority: number): void {
  addon.setRealtime(integerWithin("real-time priority", priority, 1, 99));
}

/** Schedules the calling thread normally (SCHED_OTHER). */
export function setNormal(): void {
  addon.setNormal();
}

export function scheduling(): Scheduling {
  return addon.scheduling();
}

/** mount(2). An unknown flag throws EINVAL and names all that are known. */
export function mount(request: MountRequest): void {
  addon.mount(
    withoutNul("mount source", request.source),
    withoutNul("mount target", request.target),
    withoutNul("file system type", request.type),
    withoutNul("mount data", request.data ?? ""),
    request.flags,
  );
}

/**
 * umount2(2), without following a symbolic link at `target`. `force` gives up pending requests of network file systems; `lazy`
 * takes the mount out of the tree now and ends it when it is unused. EBUSY: in use. EINVAL: nothing is mounted there.
 */
export function unmount(
  target: string,
  how: { readonly force?: boolean; readonly lazy?: boolean } = {},
): void {
  addon.unmount(withoutNul("mount target", target), how.force ?? false, how.lazy ?? false);
}

/**
 * Loads a kernel module (finit_module(2)); .ko.xz, .ko.zst and .ko.gz are unpacked by the kernel if it can. `parameters` is
 * "name=value name=value". ENOENT: no such file, or a module it depends on is not loaded; ENOEXEC: not for this kernel.
 */
export function loadModule(path: string, parameters = ""): "loaded" | "already" {
  return addon.loadModule(withoutNul("module path", path), withoutNul("module parameters", parameters));
}

/**
 * Ends the machine at once (reboot(2)): call sync() first, nothing is unmounted. In a PID namespace other than the first it kills
 * that namespace's init instead. EPERM: needs CAP_SYS_BOOT.
 */
export function reboot(ending: "restart" | "poweroff" | "halt"): never {
  addon.reboot(ending);
  throw new Error(`process: reboot "${ending}" came back without an error`);
}

/** Writes what is buffered to all file systems and waits for it (sync(2)). */
export function sync(): void {
  addon.sync();
}

/**
 * Collects ended children without waiting (waitpid(2)), in the order in which the kernel gives them.
 * Without `pid` it takes every child, also those that node:child_process waits for, which then never reports their end: only for
 * a PID 1 that starts nothing through child_process. With `pid` it takes that child alone.
 */
export function reap(pid?: number): EndedChild[] {
  const wanted = pid === undefined ? anyChild : integerWithin("pid", pid, 1, greatestPid);
  return addon.reap(wanted).map((child) => {
    if (child.signal !== undefined) return { pid: child.pid, signal: signalName(child.signal) };
    return { pid: child.pid, code: child.code ?? 0 };
  });
}

/**
 * Tells the service manager how it is going, "READY=1" (sd_notify(3)); `path` is its NOTIFY_SOCKET, "@" first means an abstract
 * name. ENOENT, ECONNREFUSED: nobody is there; EAGAIN: it does not read.
 */
export function notifyService(path: string, text: string): void {
  addon.notifyService(withoutNul("notification socket", path), text);
}

/** sethostname(2): 1 to 64 bytes. EPERM: needs CAP_SYS_ADMIN. */
export function setHostName(name: string): void {
  addon.setHostName(withoutNul("host name", name));
}

/** Makes a part of a file or block device a block device of its own (loop(4)). */
export function attachLoop(request: LoopRequest): LoopAttachment {
  const file = withoutNul("loop file", request.file);
  const offset = integerWithin("loop offset", request.offset, 0, Number.MAX_SAFE_INTEGER);
  const sizeLimit = integerWithin("loop size limit", request.sizeLimit, 0, Number.MAX_SAFE_INTEGER);
  const { descriptor, path } = addon.attachLoop(file, offset, sizeLimit, request.readOnly);
  let attached = true;
  const detach = (): void => {
    if (!attached) {
      const message = `process: detach ${path}: EBADF (Bad file descriptor): it was detached before`;
      throw Object.assign(new Error(message), { code: "EBADF", errno: -constants.errno.EBADF });
    }
    attached = false;
    addon.detachLoop(descriptor, path);
  };
  return { device: path, detach };
}

/**
 * Gives up root for good in all threads (setresuid(2)): no supplementary groups, all ids set; verified. After an error the
 * identity may be half changed: the process must end.
 */
export function setUser(uid: number, gid: number): void {
  addon.setUser(integerWithin("uid", uid, 1, greatestId), integerWithin("gid", gid, 0, greatestId));
}

/** How soon the kernel kills this process when memory runs out: -1000 never, 1000 first (proc(5), oom_score_adj). */
export function adjustOom(score: number): void {
  writeFileSync(
    "/proc/self/oom_score_adj",
    String(integerWithin("OOM score adjustment", score, -1000, 1000)),
  );
}

/** Several names may share a number (SIGIOT is SIGABRT): the first one listed is the usual one. */
function signalName(signal: number): string {
  const entry = Object.entries(constants.signals).find(([, number]) => number === signal);
  return entry?.[0] ?? `signal ${signal}`;
}
