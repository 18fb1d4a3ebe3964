"""Why the kernel refused namespaces, and what to do about it: from the failed step and the machine's settings to words.

Pure; `warden_client` reads the settings.
"""

import errno
from collections.abc import Mapping
from typing import Final

MAX_USER_NAMESPACES: Final = "/proc/sys/user/max_user_namespaces"
UNPRIVILEGED_CLONE: Final = "/proc/sys/kernel/unprivileged_userns_clone"
APPARMOR_RESTRICTS: Final = "/proc/sys/kernel/apparmor_restrict_unprivileged_userns"
CONTAINER_MARK: Final = "/.dockerenv"
# Read these before asking; a file that is not there has no entry.
SETTINGS: Final = (MAX_USER_NAMESPACES, UNPRIVILEGED_CLONE, APPARMOR_RESTRICTS, CONTAINER_MARK)

_OR_ELSE: Final = "Or run as root."


def explain(step: str, error: OSError, settings: Mapping[str, str]) -> str:
    """One paragraph: what was refused, the likely cause, the fix. `settings` maps paths of SETTINGS to contents."""
    if not step:
        return error.strerror or str(error)
    refused = f"Cannot set up the mesh's namespaces: step '{step}' failed ({error.strerror})."
    return f"{refused} {_cause(step, error.errno or 0, settings)}".rstrip()


def _cause(step: str, number: int, settings: Mapping[str, str]) -> str:
    if step == "user namespace":
        return _no_user_namespace(number, settings)
    if step == "packet rules":
        return _no_packet_rules(number)
    if number in {errno.EPERM, errno.EACCES, errno.EROFS}:
        return _powerless(step, settings)
    if number in {errno.ENOSPC, errno.EMFILE}:
        return "A limit in /proc/sys/user (max_net_namespaces, max_mnt_namespaces, …) or of open files is reached."
    return ""


def _no_user_namespace(number: int, settings: Mapping[str, str]) -> str:
    if settings.get(MAX_USER_NAMESPACES, "").strip() == "0":
        return f"User namespaces are switched off: sudo sysctl user.max_user_namespaces=15000. {_OR_ELSE}"
    if number == errno.ENOSPC:
        return "The limit user.max_user_namespaces is reached, or user namespaces are nested too deeply (32 levels)."
    if settings.get(UNPRIVILEGED_CLONE, "").strip() == "0":
        return f"Debian's switch is off: sudo sysctl kernel.unprivileged_userns_clone=1. {_OR_ELSE}"
    if CONTAINER_MARK in settings:
        return (
            "In a container the seccomp profile forbids it: start the container with --privileged, or with "
            "--security-opt seccomp=unconfined --security-opt systempaths=unconfined."
        )
    if number in {errno.EINVAL, errno.ENOSYS}:
        return "This kernel is built without user namespaces (CONFIG_USER_NS). " + _OR_ELSE
    return "A security policy (seccomp, AppArmor, SELinux, or a chroot) forbids user namespaces. " + _OR_ELSE


def _powerless(step: str, settings: Mapping[str, str]) -> str:
    if settings.get(APPARMOR_RESTRICTS, "").strip() == "1":
        return (
            "Ubuntu's AppArmor policy gives user namespaces no capabilities: "
            f"sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0, or an AppArmor profile for Python. {_OR_ELSE}"
        )
    if step == "proc" or step.startswith("sysctl"):
        return (
            "Parts of /proc are hidden or read-only, as container engines leave them: start the container with "
            "--security-opt systempaths=unconfined, or --privileged."
        )
    return "A security policy (seccomp, AppArmor, SELinux) forbids it. " + _OR_ELSE


def _no_packet_rules(number: int) -> str:
    if number in {errno.ENOENT, errno.EOPNOTSUPP, errno.EPROTONOSUPPORT}:
        return "The kernel lacks nf_tables with nat and redirect: sudo modprobe -a nf_tables nft_chain_nat nft_redir."
    return ""
