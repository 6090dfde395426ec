"""What the customer orders in a scenario, through the northbound API: bindings, a temporary callee, an end."""

from typing import Any

from console.simulation.customer import CALLEE_PATH, GIVEN, PATHS, STOP_PATH, Customer, Made
from console.simulation.scenarios import words
from console.simulation.scenarios.setting import CITY, Setting
from console.simulation.scenarios.steps import Step

ANYWHERE = {"areaCode": CITY, "areaMatchMode": "1"}


class Orders:
    """One customer's bindings, by the names the scenario gives them."""

    def __init__(self, customer: Customer, setting: Setting, mode: str) -> None:
        self._customer, self._setting, self._mode = customer, setting, mode
        self.made: dict[str, Made] = {}
        self.extensions: dict[str, str] = {}
        # AXYB: the AX of each A, to which his YB belong.
        self._ax: dict[str, str] = {}
        self._of_a: dict[str, str] = {}

    def bind(self, step: Step) -> None:
        """Make a binding. Raises OrderRefused, SendFailed."""
        a, b, x = words.binding(step.said)
        body = self._body(a, b, x) | dict(step.more.get("parameters", {}))
        told = self._customer.order("POST", PATHS[self._mode], body=body)
        made = Made(told["subscriptionId"], told[GIVEN[self._mode]], told.get("extendNum", ""))
        self.made[step.name] = made
        if self._mode == "AXYB":
            self._setting.take_given(x, made.number)
            if not b:
                self._ax[a] = made.subscription_id
        self._of_a.setdefault(a, made.subscription_id)
        if made.extension:
            self.extensions[a] = made.extension

    def unbind(self, step: Step) -> None:
        """End a binding. Raises OrderRefused, SendFailed."""
        self._customer.unbind(self._mode, self.made[step.said].subscription_id)

    def set_callee(self, step: Step) -> None:
        """Say whom A reaches by calling his X. Raises OrderRefused, SendFailed."""
        a, callee = words.callee(step.said)
        body: dict[str, Any] = {"subscriptionId": self._of_a.get(a, ""), "calleeNum": self._setting.number(callee)}
        body["duration"] = int(step.more.get("seconds", 60))
        if "user_data" in step.more:
            body["userData"] = step.more["user_data"]
        self._customer.order("PUT", CALLEE_PATH, body=body)

    def stop(self, session_id: str) -> None:
        """Order the end of a call. Raises OrderRefused, SendFailed."""
        self._customer.order("POST", STOP_PATH, body={"sessionid": session_id, "signal": "call_stop"})

    def _body(self, a: str, b: str, x: str) -> dict[str, Any]:
        number = self._setting.number
        match self._mode:
            case "AXB":
                return {"callerNum": number(a), "calleeNum": number(b), "relationNum": number(x)}
            case "AX":
                return {"origNum": number(a), "privateNum": number(x), "privateNumType": "mobile-virtual"}
            case "AXE":
                return {"bindNum": number(a), "virtualNum": number(x)}
            case _ if b:  # a YB
                return {"origNum": number(b), "subscriptionId": self._ax.get(a, ""), **ANYWHERE}
        return {"origNum": number(a), "duration": 0, **ANYWHERE}
