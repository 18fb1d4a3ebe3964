import asyncio
import shutil
from contextlib import asynccontextmanager

from lateen.sources.files import Paths
from lateen.sources.watch import changes

DEADLINE = 10


@asynccontextmanager
async def watching(paths):
    """A queue of changes, once the watch has settled."""
    stop, told = asyncio.Event(), asyncio.Queue()

    async def tell():
        async for files in changes(paths, stop):
            told.put_nowait(files)

    task = asyncio.create_task(tell())
    assert await asyncio.wait_for(told.get(), DEADLINE) == frozenset()
    try:
        yield told
    finally:
        stop.set()
        await asyncio.wait_for(task, DEADLINE)


async def until(told, wanted):
    while await asyncio.wait_for(told.get(), DEADLINE) != wanted:
        pass


def test_writes_renames_and_other_files(tmp_path):
    async def run():
        file = tmp_path / "a.yaml"
        file.write_text("1")
        async with watching(Paths((str(tmp_path),))) as told:
            (tmp_path / "notes.txt").write_text("1")
            file.write_text("2")
            await until(told, {str(file)})
            draft = tmp_path / ".a.yaml.swp"
            draft.write_text("3")
            draft.rename(file)
            await until(told, {str(file)})
            file.unlink()
            await until(told, {str(file)})

    asyncio.run(run())


def test_when_it_is_quiet_after_changes_everything_is_to_be_read(tmp_path):
    """What the system did not tell of because it was too much is found then."""

    async def run():
        file = tmp_path / "a.yaml"
        async with watching(Paths((str(tmp_path),))) as told:
            for text in "12":
                file.write_text(text)
                await until(told, {str(file)})
                await until(told, frozenset())

    asyncio.run(run())


def test_one_file_is_watched_through_its_directory(tmp_path):
    async def run():
        file = tmp_path / "config"
        file.write_text("1")
        async with watching(Paths((str(file),))) as told:
            (tmp_path / "other.yaml").write_text("1")
            draft = tmp_path / "config~"
            draft.write_text("2")
            draft.rename(file)
            await until(told, {str(file)})

    asyncio.run(run())


def test_a_directory_may_go_and_come_back(tmp_path):
    async def run():
        place = tmp_path / "conf"
        place.mkdir()
        (place / "a.yaml").write_text("1")
        async with watching(Paths((str(place),))) as told:
            shutil.rmtree(place)
            await until(told, frozenset())
            place.mkdir()
            await until(told, frozenset())
            (place / "b.yaml").write_text("1")
            while str(place / "b.yaml") not in await asyncio.wait_for(told.get(), DEADLINE):
                (place / "b.yaml").write_text("2")

    asyncio.run(run())
