"""What the tests of this room share: real rooms over a small database, and traffic that is told rather than served."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec

from regrove.errors import NotFound
from regrove.registry import Models
from regrove.rollouts import Rollouts
from regrove.serving import DeploymentConfig, Deployments, RolloutConfig
from regrove.serving.edges import GuardEdges
from regrove.serving.replica import Replica
from regrove.serving.splits import Splits
from regrove.serving.tally import Tally
from regrove.serving.traffic import SHARES
from tests.registry import samples

DAY = 86_400_000_000
EDGES = GuardEdges(p95_s=0.1, p99_s=0.2, scores=tuple(place / 10 for place in range(1, 10)))
CELLS = EDGES.cells
MODEL = "late-arrival"


class Told(Splits):
    """Real splits; what servers report and what requests did is told by the test, in a file, as servers would."""

    file: Path

    def told(self) -> dict[str, Any]:
        whole = {"loaded": {}, "refused": {}, "trouble": "", "counts": {}, "servers": 1, "edges": True}
        return whole | (msgspec.json.decode(self.file.read_bytes()) if self.file.exists() else {})

    def tell(self, **what: Any) -> None:
        self.file.write_bytes(msgspec.json.encode(self.told() | what))

    def replicas(self, name: str) -> list[Replica]:
        """By default servers load whatever is published."""
        told = self.told()
        newest = self._running(name).current.number
        return [
            Replica(
                server=f"s{place}",
                worker=0,
                generation=told["loaded"].get(str(place), newest),
                candidate=0,
                ready=True,
                refused=newest if told["trouble"] else 0,
                trouble=told["trouble"],
            )
            for place in range(told["servers"])
        ]

    def edges(self, name: str, *, since: int | None = None) -> GuardEdges | None:
        return EDGES if self.told()["edges"] else None

    def add(self, generation: int, side: str, **counts: Any) -> None:
        """Let a side of a generation have answered so many requests more."""
        told = self.told()["counts"]
        old = told.setdefault(f"{generation} {side}", {"requests": 0, "failed": 0, "slow_p95": 0, "slow_p99": 0})
        old.setdefault("scores", [0] * CELLS)
        for key, value in counts.items():
            old[key] = [a + b for a, b in zip(old[key], value, strict=True)] if key == "scores" else old[key] + value
        self.tell(counts=told)

    def tallies(self, name: str, *, salt: str) -> list[Tally]:
        deployment = self._running(name)
        told = self.told()["counts"]
        found = []
        for each in self._publisher.publications(deployment.project, deployment.name):
            if not each.candidates or each.salt != salt:
                continue
            for side, revision in (("control", each.arms[0]), ("candidate", each.arms[1])):
                counts = told.get(f"{each.number} {side}", {})
                found.append(
                    Tally(
                        generation=each.number,
                        revision=revision.number,
                        candidate=side == "candidate",
                        share=each.candidates[0].share / SHARES,
                        requests=counts.get("requests", 0),
                        failed=counts.get("failed", 0),
                        slow_p95=counts.get("slow_p95", 0),
                        slow_p99=counts.get("slow_p99", 0),
                        scores=tuple(counts.get("scores", [0] * CELLS)) if each.edges else (),
                        first_at=0,
                        last_at=0,
                    )
                )
        return found


class World:
    """A deployment that runs with version 1 of a model that has three."""

    def __init__(self, database: Any, objects: Any, vault: Any, ledger: Any, clock: Any, folder: Path) -> None:
        self.database, self.objects, self.vault, self.ledger, self.clock = database, objects, vault, ledger, clock
        self.models = Models(database, vault, ledger, clock)
        self.models._predictor = lambda manifest: None  # type: ignore[method-assign]  # no model is loaded here
        self.config = DeploymentConfig(f"{MODEL}@champion")
        self.reports: dict[str, Any] = {}
        self.deployments = Deployments(
            database, vault, objects, ledger, clock, models=self.models, declarations=self, root=folder / "log"
        )
        self.plain = old = self.deployments.splits
        self.traffic = Told(
            old._publisher, old._history, old._root, running=old._running, wanted=old._wanted, models=self.models
        )
        self.traffic.file = folder / "traffic.json"
        self.deployments.splits = self.traffic
        self.rollouts = Rollouts(
            database,
            vault,
            ledger,
            clock,
            deployments=self.deployments,
            models=self.models,
            gates=self,
            declarations=self,
        )

    def settle(self) -> World:
        """Three versions, the first of them live; nothing happens when that is so already."""
        for seed in (1, 2, 3):
            self.models.register(samples.bare_spec(self.vault, seed))
        if not self.models.history(MODEL):
            self.models.promote(f"{MODEL}@1", reason="the first")
        if not self.deployments.list():
            self.deployments.start("late")
        return self

    @property
    def revision(self) -> Any:
        return SimpleNamespace(ref="project:test@1")

    def deployment(self, name: str) -> DeploymentConfig:
        if name != "late":
            raise NotFound(f"There is no deployment {name!r} in the declaration in force")
        return self.config

    def deployment_names(self) -> list[str]:
        return ["late"]

    def policy(self, **policy: Any) -> None:
        """Declare how the deployment is rolled out."""
        self.config = msgspec.structs.replace(self.config, rollout=RolloutConfig(**policy))

    def report(self, candidate: str, verdict: str = "PROMOTE", champion: str = f"model:{MODEL}@1") -> str:
        """The ref of a gate's report."""
        version = self.models.get(candidate)
        ref = f"gate:{len(self.reports) + 1:032x}"
        self.reports[ref] = SimpleNamespace(
            ref=ref,
            model=version.ref,
            model_digest=version.digest,
            champion=champion,
            champion_digest=self.models.get(champion).digest if champion else "",
            verdict=verdict,
            reason="as it was told",
        )
        return ref

    def get(self, ref: str, /) -> Any:
        if ref not in self.reports:
            raise NotFound(f"There is no {ref}")
        return self.reports[ref]

    def start(self, candidate: str = f"model:{MODEL}@2", **more: Any) -> Any:
        return self.rollouts.start("late", candidate=candidate, gate=self.report(candidate), **more)

    @property
    def rollout(self) -> Any:
        """The newest one."""
        return self.rollouts.get("late")

    @property
    def current(self) -> Any:
        """What the deployment published last."""
        return self.deployments.get("late").current

    def shares(self) -> list[int]:
        """The candidate's share in each generation, 0 where there is none."""
        return [sum(arm.share for arm in each.candidates) for each in self.deployments.publications("late")]

    def champion(self) -> int:
        """The number of the version that the alias stands at."""
        return self.models.get(f"{MODEL}@champion").ordinal

    def serve(self, total: int, *, failing: int = 0, **candidate: Any) -> None:
        """So many requests came, split as was asked, evenly over the scores; of the candidate so many failed."""
        current = self.current
        mine = round(total * sum(arm.share for arm in current.candidates) / SHARES)
        for side, count, failed in (("control", total - mine, 0), ("candidate", mine, failing)):
            scores = [count // 10] * 10 + [0]
            more = candidate if side == "candidate" else {}
            self.traffic.add(current.number, side, **({"requests": count, "failed": failed, "scores": scores} | more))

    def facts(self) -> list[str]:
        """The types of what this room recorded, in order."""
        return [each.type for each in self.ledger.read() if each.type.startswith("rollout.")]

    def live_through(self, days: int = 1, total: int = 5000, **more: Any) -> Any:
        """Tick, serve, and tick again a day later; the rollout then."""
        for _ in range(days):
            self.rollouts.tick()
            if self.current.candidates:
                self.serve(total, **more)
            self.clock.advance(DAY)
            self.rollouts.tick()
        return self.rollout
