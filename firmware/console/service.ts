// `pulsebox service`: the daemon as a service of an ordinary Linux distribution, as a systemd unit (systemd.service(5),
// systemd.kill(5)) or as an init script (Linux Standard Base, Core 5.0, chapters 22.2 and 22.3). Printed by the program itself, so
// that the one file is all there is to carry, and so that the unit names the file that printed it.

import { defaultConfig } from "./cli.ts";
import { defaultSocket } from "./operator-client.ts";

/** The unit for the program at the absolute path `program`. */
export function systemdUnit(program: string): string {
  return `# Made by "pulsebox service". Own changes belong in "systemctl edit pulsebox".
[Unit]
Description=High-availability heartbeat daemon
# A box is in one cluster: heartbeat hands over and ends before this begins, and the other way round.
Conflicts=heartbeat.service
After=heartbeat.service network.target drbd.service
Wants=network.target
ConditionPathExists=${defaultConfig}

[Service]
Type=notify
NotifyAccess=main
ExecStart=${quoteForSystemd(program)} ha
StateDirectory=pulsebox
StateDirectoryMode=0700
# What resource scripts have started belongs to the cluster: the daemon stops it in order when it ends, and finds it again
# when it was killed. systemd must do neither.
KillMode=process
SendSIGKILL=no
TimeoutStopSec=30min
# 1 and 2 are refusals: a cluster file with mistakes, a daemon that runs already, an unknown option.
Restart=on-failure
RestartSec=1
RestartPreventExitStatus=1 2
LimitMEMLOCK=infinity
TasksMax=infinity

[Install]
WantedBy=multi-user.target
`;
}

/** "%" and "$" mean something to systemd, and white space ends a word (systemd.service(5), COMMAND LINES). */
function quoteForSystemd(program: string): string {
  const escaped = program.replaceAll("%", "%%").replaceAll("$", "$$$$").replace(/["\\]/g, "\\$&");
  return /^[\w/.%$+:@-]+$/.test(escaped) ? escaped : `"${escaped}"`;
}

function quoteForShell(word: string): string {
  return /^[\w/.+:@-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** The init script for the program at the absolute path `program`. */
export function initScript(program: string): string {
  return `#!/bin/sh
# Made by "pulsebox service --sysv". Own values belong in /etc/default/pulsebox.
### BEGIN INIT INFO
# Provides:          pulsebox
# Required-Start:    $remote_fs $network $time $syslog
# Required-Stop:     $remote_fs $network $time $syslog
# Should-Start:      drbd
# Should-Stop:       drbd
# Default-Start:     2 3 4 5
# Default-Stop:      0 1 6
# Short-Description: High-availability heartbeat daemon.
# Description:       Holds service addresses and resources together with the other nodes of a cluster.
### END INIT INFO

PROGRAM=${quoteForShell(program)}
CONFIG=${defaultConfig}
SOCKET=${defaultSocket}
PIDFILE=/run/pulsebox.pid
LOG=/var/log/pulsebox.log
OPTIONS=
# Seconds until it is ended without order.
PATIENCE=1800
[ -r /etc/default/pulsebox ] && . /etc/default/pulsebox
export PROGRAM CONFIG SOCKET LOG OPTIONS

status() {
	start-stop-daemon --status --pidfile "$PIDFILE" --exec "$PROGRAM"
}

start() {
	status && return 0
	[ -x "$PROGRAM" ] || return 5
	[ -r "$CONFIG" ] || return 6
	start-stop-daemon --start --quiet --background --make-pidfile --pidfile "$PIDFILE" --startas /bin/sh -- -c \\
		'exec "$PROGRAM" ha --config "$CONFIG" --socket "$SOCKET" $OPTIONS >>"$LOG" 2>&1' || return 1
	for attempt in 1 2 3 4 5 6 7 8 9 10; do
		"$PROGRAM" status --socket "$SOCKET" >/dev/null 2>&1 && return 0
		sleep 1
	done
	return 1
}

stop() {
	start-stop-daemon --stop --quiet --oknodo --retry "TERM/$PATIENCE/KILL/5" --pidfile "$PIDFILE" --exec "$PROGRAM" &&
		rm -f "$PIDFILE"
}

said() {
	code=$?
	[ $code = 0 ] && echo "$1." || echo "$1: failed with $code; see $LOG" >&2
	exit $code
}

case "$1" in
start)
	start
	said "Started pulsebox"
	;;
stop)
	stop
	said "Stopped pulsebox"
	;;
restart | force-reload)
	stop && start
	said "Restarted pulsebox"
	;;
try-restart)
	status || exit 0
	stop && start
	said "Restarted pulsebox"
	;;
status)
	status
	code=$?
	[ $code = 0 ] && "$PROGRAM" status --socket "$SOCKET" || echo "pulsebox does not run."
	exit $code
	;;
*)
	echo "usage: $0 {start|stop|restart|try-restart|force-reload|status}" >&2
	exit 2
	;;
esac
`;
}
