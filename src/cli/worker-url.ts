/** The program of a worker thread, by its path from this folder: the bundle, which has no folders inside, is in this one too. */
export const workerUrl = (path: string): URL => new URL(path, import.meta.url);
