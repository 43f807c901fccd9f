"""Ranks by the variables of each launcher; leftovers of a shell mean nothing."""

from __future__ import annotations

import pytest

from proctor.errors import UsageError
from proctor.models.pool.launchers import PORTS, Ranks, find_ranks, wanted_several

TORCHRUN = {
    "RANK": "3",
    "WORLD_SIZE": "8",
    "LOCAL_RANK": "1",
    "LOCAL_WORLD_SIZE": "2",
    "MASTER_ADDR": "a",
    "MASTER_PORT": "77",
}
OPEN_MPI = {
    "OMPI_COMM_WORLD_RANK": "1",
    "OMPI_COMM_WORLD_SIZE": "4",
    "OMPI_COMM_WORLD_LOCAL_RANK": "1",
    "OMPI_COMM_WORLD_LOCAL_SIZE": "4",
    "PMIX_NAMESPACE": "job",
}
STEP = {
    "SLURM_JOB_ID": "9",
    "SLURM_STEP_ID": "0",
    "SLURM_PROCID": "5",
    "SLURM_NTASKS": "8",
    "SLURM_STEP_NUM_TASKS": "6",
    "SLURM_LOCALID": "1",
    "SLURM_STEP_TASKS_PER_NODE": "3(x2)",
    "SLURM_STEP_NODELIST": "gpu[003-004,7].x,login1",
}


def test_torchrun_and_accelerate_say_all_there_is_to_know():
    assert find_ranks(TORCHRUN) == Ranks("torchrun", 3, 8, 1, 2, "a", 77)
    assert find_ranks({**TORCHRUN, "ACCELERATE_MIXED_PRECISION": "no"}) == Ranks("accelerate", 3, 8, 1, 2, "a", 77)
    assert not find_ranks(TORCHRUN).on_one_machine


def test_mpi_on_one_machine_meets_there_at_the_port_of_its_job():
    found = find_ranks(OPEN_MPI)
    assert (found.launcher, found.rank, found.size, found.local_rank, found.address) == ("mpirun", 1, 4, 1, "127.0.0.1")
    assert found.on_one_machine
    assert found.port in PORTS
    assert found.port == find_ranks({**OPEN_MPI, "OMPI_COMM_WORLD_RANK": "2"}, parent=7).port
    assert found.port != find_ranks({**OPEN_MPI, "PMIX_NAMESPACE": "other"}).port


def test_mpi_on_several_machines_must_be_told_where_to_meet():
    several = {**OPEN_MPI, "OMPI_COMM_WORLD_LOCAL_SIZE": "2"}
    assert find_ranks(several).address is None
    assert find_ranks({**several, "MASTER_ADDR": "node0", "MASTER_PORT": "5"}).address == "node0"


def test_mpich_names_no_job_but_has_one_parent():
    environment = {"PMI_RANK": "0", "PMI_SIZE": "2", "MPI_LOCALRANKID": "0", "MPI_LOCALNRANKS": "2"}
    assert find_ranks(environment, parent=4) == find_ranks(environment, parent=4)
    assert find_ranks(environment, parent=4).port != find_ranks(environment, parent=5).port


def test_a_step_of_slurm_meets_on_its_first_node():
    found = find_ranks(STEP)
    assert found == Ranks("srun", 5, 6, 1, 3, "gpu003.x", found.port)
    assert found.port in PORTS
    one_node = {**STEP, "SLURM_STEP_TASKS_PER_NODE": "6"}
    assert find_ranks(one_node).address == "127.0.0.1"
    # srun sets the variables of PMI, too, and they know less.
    assert find_ranks({**STEP, "PMI_RANK": "5", "PMI_SIZE": "6"}).launcher == "srun"
    assert find_ranks({**STEP, **TORCHRUN}).launcher == "torchrun"


@pytest.mark.parametrize(
    ("nodes", "first"),
    [("a", "a"), ("a,b", "a"), ("n[1-4]", "n1"), ("n[07,9]", "n07"), ("x-[12-13]-ib,y", "x-12-ib"), ("", None)],
)
def test_the_first_node_of_a_list(nodes, first):
    step = {key: value for key, value in STEP.items() if key != "SLURM_STEP_NODELIST"}
    assert find_ranks({**step, "SLURM_JOB_NODELIST": nodes}).address == first


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"WORLD_SIZE": "1", "RANK": "0"},
        {"WORLD_SIZE": "2"},
        {"RANK": "2"},
        {"WORLD_SIZE": "x", "RANK": "0"},
        {"WORLD_SIZE": "-2", "RANK": "0"},
        {**STEP, "SLURM_STEP_NUM_TASKS": "1", "SLURM_PROCID": "0"},
        # A script of sbatch: the tasks of the whole job, and no step.
        {"SLURM_JOB_ID": "9", "SLURM_PROCID": "0", "SLURM_NTASKS": "8", "SLURM_LOCALID": "0"},
    ],
)
def test_one_process_is_no_rank(environment):
    assert find_ranks(environment) is None


def test_a_rank_beyond_the_number_of_ranks_is_an_error():
    with pytest.raises(UsageError, match="RANK is 8 and WORLD_SIZE is 8"):
        find_ranks({**TORCHRUN, "RANK": "8"})


def test_accelerate_on_cpus_was_given_several_processes_and_starts_one():
    single = {"ACCELERATE_USE_CPU": "True", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29500"}
    assert wanted_several(single)
    assert not wanted_several({**single, "WORLD_SIZE": "2"})
    assert wanted_several({**single, "ACCELERATE_USE_CPU": "False"})
    assert not wanted_several({"MASTER_ADDR": "127.0.0.1"})
    assert not wanted_several({"ACCELERATE_USE_CPU": "True"})
