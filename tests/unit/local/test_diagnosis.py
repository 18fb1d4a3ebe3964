"""From a refused system call to words that help."""

import errno

import pytest

from lateen.local import diagnosis


@pytest.mark.parametrize(
    ("step", "number", "settings", "hint"),
    [
        (
            "user namespace",
            errno.ENOSPC,
            {diagnosis.MAX_USER_NAMESPACES: "0\n"},
            "sysctl user.max_user_namespaces=",
        ),
        (
            "user namespace",
            errno.ENOSPC,
            {diagnosis.MAX_USER_NAMESPACES: "9\n"},
            "limit user.max_user_namespaces",
        ),
        (
            "user namespace",
            errno.EPERM,
            {diagnosis.UNPRIVILEGED_CLONE: "0\n"},
            "kernel.unprivileged_userns_clone=1",
        ),
        ("user namespace", errno.EPERM, {diagnosis.CONTAINER_MARK: ""}, "seccomp=unconfined"),
        ("user namespace", errno.EINVAL, {}, "CONFIG_USER_NS"),
        ("user namespace", errno.EPERM, {}, "security policy"),
        ("identity map", errno.EPERM, {diagnosis.APPARMOR_RESTRICTS: "1\n"}, "AppArmor"),
        ("private mounts", errno.EACCES, {diagnosis.APPARMOR_RESTRICTS: "1\n"}, "AppArmor"),
        ("proc", errno.EPERM, {diagnosis.APPARMOR_RESTRICTS: "0\n"}, "systempaths=unconfined"),
        ("sysctl net.ipv4.ip_forward", errno.EROFS, {}, "systempaths=unconfined"),
        ("packet rules", errno.EOPNOTSUPP, {}, "modprobe"),
        ("network namespace", errno.ENOSPC, {}, "max_net_namespaces"),
    ],
)
def test_the_cause_is_named(step: str, number: int, settings: dict[str, str], hint: str) -> None:
    text = diagnosis.explain(step, OSError(number, "refused"), settings)
    assert hint in text
    assert f"'{step}'" in text


def test_an_error_without_a_step_is_just_told() -> None:
    assert diagnosis.explain("", OSError(errno.ENOENT, "no pod named x"), {}) == "no pod named x"
